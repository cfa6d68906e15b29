import { expect, test } from 'vitest'
import { parseBoundedObject, parseJsonObject } from '../../../src/jose/strict-json.ts'
import { encode } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Part, rawJws, spliceMember } from '../../support/jws.ts'
import { outcomeOf, url } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const parse = (text: string) => parseJsonObject(Buffer.from(text))

/** Sends the text as header, as claims and in a proof: text that is not a JSON object is refused in each. */
async function outcomesOf(wrap: (members: Record<string, unknown>) => Part): Promise<readonly string[]> {
  const { key } = forge
  const header = await forge.call({ verifier, token: rawJws(key, wrap(forge.header()), forge.claims()) })
  const claims = await forge.call({ verifier, token: rawJws(key, forge.header(), wrap(forge.claims())) })
  const token = forge.token()
  const [head = '', body = '', signature = ''] = (await forge.agent.proof({ method: 'GET', url, token })).split('.')
  const inProof = [
    [encode(wrap(JSON.parse(decode(head)))), body, signature],
    [head, encode(wrap(JSON.parse(decode(body)))), signature],
  ]
  const proofs: string[] = []
  for (const parts of inProof) proofs.push(await forge.code({ verifier, token, proof: parts.join('.') }))
  return [outcomeOf(header), outcomeOf(claims), ...proofs]
}

const decode = (segment: string) => Buffer.from(segment, 'base64url').toString()
const everywhereMalformed = ['token_malformed', 'token_malformed', 'proof_malformed', 'proof_malformed']

const duplicates = [
  ['at the top', '{"a":1,"a":2}'],
  ['with the same value', '{"a":1,"a":1}'],
  ['in an object', '{"o":{"a":1,"a":2}}'],
  ['in an object in a list', '{"o":[1,{"a":1,"b":[],"a":2}]}'],
  ['fifty levels down', `${'{"o":'.repeat(50)}{"a":1,"a":2}${'}'.repeat(50)}`],
  ['escaped once', '{"a":1,"\\u0061":2}'],
  ['escaped twice', '{"\\u0061":1,"\\u0061":2}'],
  ['escaped in an object', '{"o":{"alg":1,"\\u0061l\\u0067":2}}'],
  ['escaped fifty levels down', `${'{"o":'.repeat(50)}{"a":1,"\\u0061":2}${'}'.repeat(50)}`],
  ['of escaped quotes', '{"\\"":1,"\\u0022":2}'],
  ['of a backslash', '{"\\\\":1,"\\u005c":2}'],
  ['of a slash', '{"/":1,"\\/":2}'],
  ['after white space', '{"a" : 1 ,\n\t"a" :2}'],
  ['called __proto__', '{"__proto__":1,"__proto__":2}'],
  ['called nothing', '{"":1,"":2}'],
  ['beyond ASCII', '{"é":1,"\\u00e9":2}'],
] as const

test.each(duplicates)('JOSE-06: a duplicate member %s is no JSON object', (_, text) => {
  expect(() => JSON.parse(text)).not.toThrow()
  expect(parse(text)).toBeUndefined()
})

test.each([
  ['the same name in two objects', '{"a":{"x":1},"b":{"x":1}}'],
  ['the same name at two levels', '{"a":{"a":{"a":1}}}'],
  ['a value that looks like its name', '{"a":"a"}'],
  ['a value that looks like two members', '{"a":"\\"a\\":1,\\"a\\":2"}'],
  ['names of one look', '{"a":1,"\\u0061\\u0000":2}'],
  ['a name and its other composition', '{"\\u00e9":1,"e\\u0301":2}'],
  ['a colon in a value, with an escape', '{"a":"x:","b":"\\u003a"}'],
  ['strings in a list', '{"a":["x","x","\\u0078"]}'],
])('JOSE-06: %s is no duplicate', (_, text) => {
  expect(parse(text)).toEqual(JSON.parse(text))
})

test.each([
  ['alg', '"alg":"none"', '"\\u0061lg":"none"'],
  ['kid', '"kid":"other"', '"k\\u0069d":"other"'],
  ['typ', '"typ":"JWT"', '"ty\\u0070":"JWT"'],
])('JOSE-06: a second %s in the header is token_malformed', async (_, plain, escaped) => {
  for (const text of [plain, escaped]) {
    const token = forge.raw(spliceMember(forge.header(), text), forge.claims())
    expect(await forge.code({ verifier, token }), text).toBe('token_malformed')
  }
})

test.each([
  ['iss', '"iss":"https://evil.test"', '"\\u0069ss":"https://evil.test"'],
  ['sub', '"sub":"mallory"', '"su\\u0062":"mallory"'],
  ['aud', '"aud":"https://evil.test"', '"a\\u0075d":"https://evil.test"'],
  ['cnf', '"cnf":{"jkt":"x"}', '"cn\\u0066":{"jkt":"x"}'],
  ['act', '"act":{"sub":"m"},"act":{"sub":"n"}', '"act":{"sub":"m"},"\\u0061ct":{"sub":"n"}'],
  ['act.sub', '"act":{"sub":"m","sub":"n"}', '"act":{"sub":"m","s\\u0075b":"n"}'],
  [
    'act.act.sub',
    '"act":{"sub":"a","act":{"sub":"m","sub":"n"}}',
    '"act":{"sub":"a","act":{"sub":"m","\\u0073ub":"n"}}',
  ],
])('JOSE-06: a second %s in the claims is token_malformed', async (_, plain, escaped) => {
  for (const text of [plain, escaped]) {
    const token = forge.raw(forge.header(), spliceMember(forge.claims(), text))
    expect(await forge.code({ verifier, token }), text).toBe('token_malformed')
  }
})

test('JOSE-06: a duplicate in header or claims of a proof is proof_malformed', async () => {
  expect(await outcomesOf((members) => spliceMember(members, '"x":1,"x":2'))).toEqual(everywhereMalformed)
  expect(await outcomesOf((members) => spliceMember(members, '"x":1,"\\u0078":2'))).toEqual(everywhereMalformed)
})

test.each([
  ['UTF-16 little endian', (text: string) => Buffer.from(text, 'utf16le')],
  ['UTF-16 with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
  ['Latin-1', (text: string) => Buffer.from(text.replace('{', '{"n":"é",'), 'latin1')],
  ['a stray continuation octet', (text: string) => withOctets(text, [0x80])],
  ['an overlong form', (text: string) => withOctets(text, [0xc0, 0xaf])],
  ['an encoded surrogate', (text: string) => withOctets(text, [0xed, 0xa0, 0x80])],
  ['a cut sequence', (text: string) => withOctets(text, [0xf0, 0x9f, 0x98])],
  ['beyond U+10FFFF', (text: string) => withOctets(text, [0xf4, 0x90, 0x80, 0x80])],
])('JOSE-09: %s is malformed in header, claims and proof', async (_, spoil) => {
  expect(await outcomesOf((members) => spoil(JSON.stringify(members)))).toEqual(everywhereMalformed)
})

test('JOSE-09: UTF-8 beyond ASCII passes unchanged; a lone surrogate, escaped, does not', async () => {
  const verdict = await forge.call({ verifier, token: forge.token({ sub: 'älice-😀', cläim: 'ß' }) })
  expect(verdict).toMatchObject({ ok: true, context: { principal: { subject: 'älice-😀' } } })
  expect(await outcomesOf((members) => spliceMember(members, '"x":"\\ud800"'))).toEqual(everywhereMalformed)
  expect(await outcomesOf((members) => spliceMember(members, '"\\udc00":1'))).toEqual(everywhereMalformed)
})

test.each(['[]', '"x"', 'null', '1', 'true', '', ' ', '{', '{}x', '[{}]', "{'a':1}", '{"a":1,}', '{"a":01}'])(
  'JOSE-19: %s is no JSON object',
  async (text) => {
    expect(parse(text)).toBeUndefined()
    expect(await outcomesOf(() => text)).toEqual(everywhereMalformed)
  },
)

test.each(['1e400', '-1e400', '9007199254740993', '-9007199254740993', '12345678901234567890', '1e21', '1e300'])(
  'JOSE-20: the number %s passes where nobody reads it',
  async (number) => {
    for (const text of [`"x":${number}`, `"x":[${number}]`, `"x":{"y":[{"z":${number}}]}`]) {
      expect(parse(`{${text}}`), text).toEqual(JSON.parse(`{${text}}`))
      const token = forge.raw(spliceMember(forge.header(), text), spliceMember(forge.claims(), text))
      expect(await forge.code({ token }), text).toBe('admitted')
    }
  },
)

test.each(['1e400', '-1e400', '9007199254740992', '1e21'])(
  'JOSE-20: as a time of a token the number %s is token_claim',
  async (number) => {
    for (const name of ['iat', 'exp', 'nbf', 'auth_time']) {
      const { [name]: _, ...claims } = forge.claims()
      const token = forge.raw(forge.header(), spliceMember(claims, `"${name}":${number}`))
      expect(await forge.call({ token }), name).toMatchObject({
        refusal: { code: 'token_claim', facts: { claim: name } },
      })
    }
  },
)

test.each(['NaN', 'Infinity', '-Infinity', '+1', '.5', '1.', '0x1'])('JOSE-20: %s is no JSON number', (number) => {
  expect(parse(`{"x":${number}}`)).toBeUndefined()
})

test.each(['9007199254740991', '-9007199254740991', '0.1', '1.5e3', '-0', '1e-400'])(
  'JOSE-20: the number %s is one',
  (number) => {
    expect(parse(`{"x":${number}}`)).toEqual({ x: JSON.parse(number) })
  },
)

test('JOSE-20: NumericDates may have fractions', async () => {
  const now = forge.clock.now() / 1_000
  const verdict = await forge.call({
    verifier,
    token: forge.token({ iat: now - 0.5, nbf: now - 0.25, exp: now + 99.75 }),
  })
  expect(verdict).toMatchObject({ ok: true, context: { token: { issuedAt: now - 0.5, expiresAt: now + 99.75 } } })
})

test('JOSE-21: nesting is bounded: 256 levels of lists or objects, not one more', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (levels: number) => `{"a":${open.repeat(levels - 1)}1${close.repeat(levels - 1)}}`
    expect(parse(nested(256))).toBeDefined()
    expect(parse(nested(257))).toBeUndefined()
  }
})

test.each([
  ['lists', '[', ']', '1'],
  ['objects', '{"a":', '}', '1'],
  ['acts', '{"sub":"a","act":', '}', '{"sub":"a"}'],
  ['escaped names', '{"\\u0061":', '}', '1'],
])(
  'JOSE-21: %s nested up to the largest size a token may be given are refused, not crashed on',
  async (_, open, close, core) => {
    const maxBytes = 1_048_576
    const roomy = forge.verifierWith({ token: { maxBytes } })
    for (const levels of [10_000, Math.floor((maxBytes * 0.74) / (open.length + close.length))]) {
      const nested = open.repeat(levels) + core + close.repeat(levels)
      const inClaims = forge.raw(forge.header(), spliceMember(forge.claims(), `"act":${nested}`))
      const inHeader = forge.raw(spliceMember(forge.header(), `"x":${nested}`), forge.claims())
      for (const token of [inClaims, inHeader]) {
        if (token.length > maxBytes) continue
        expect(await forge.code({ verifier: roomy, token }), `${levels}`).toBe('token_malformed')
      }
    }
  },
)

const bounds = [
  ['257 members', object(257), object(256)],
  ['257 members in a list', `{"x":[${object(257)}]}`, `{"x":[${object(256)}]}`],
  // The object and the list count as well.
  ['1 025 values in a list', `{"x":[${numbers(1_023)}]}`, `{"x":[${numbers(1_022)}]}`],
  ['1 025 values in objects', objects(1_018), objects(1_017)],
] as const

test.each(bounds)(
  'JOSE-21: %s are too many in a header, in claims and in a proof, one less is not',
  async (_, over, most) => {
    const roomy = forge.verifierWith({ token: { maxBytes: 16_384 }, dpop: { maxBytes: 16_384 } })
    const send = (token: string, proof?: string) =>
      forge.call({ verifier: roomy, token, ...(proof === undefined ? {} : { proof }) })
    expect(parseBoundedObject(octetsOf(over), over.length)).toBeUndefined()
    expect(parseBoundedObject(octetsOf(most), most.length)).toEqual(JSON.parse(most))
    const token = forge.token()
    const [head = '', body = '', signature = ''] = (await forge.agent.proof({ method: 'GET', url, token })).split('.')
    expect(outcomeOf(await send(rawJws(forge.key, over, forge.claims())))).toBe('token_malformed')
    expect(outcomeOf(await send(rawJws(forge.key, forge.header(), over)))).toBe('token_malformed')
    expect(outcomeOf(await send(rawJws(forge.key, forge.header(), most)))).toBe('token_issuer')
    expect(outcomeOf(await send(token, [encode(over), body, signature].join('.')))).toBe('proof_malformed')
    expect(outcomeOf(await send(token, [head, encode(over), signature].join('.')))).toBe('proof_malformed')
  },
)

test('JOSE-21: a document of an issuer may be wider than a token', () => {
  const wide = JSON.stringify({ keys: Array.from({ length: 2_000 }, (_, index) => ({ kid: `k${index}` })) })
  expect(parse(wide)).toEqual(JSON.parse(wide))
})

function object(members: number): string {
  return `{${Array.from({ length: members }, (_, index) => `"n${index}":0`).join(',')}}`
}

function numbers(count: number): string {
  return Array.from({ length: count }, () => '0').join(',')
}

/** So many members in five objects of a list, which makes seven values more. */
function objects(members: number): string {
  const sizes = [0, 1, 2, 3, 4].map((at) => Math.floor((members + at) / 5))
  return `{"x":[${sizes.map(object).join(',')}]}`
}

function octetsOf(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

function withOctets(text: string, octets: readonly number[]): Buffer {
  const [before, after] = ['{"n":"', `",${text.slice(1)}`]
  return Buffer.concat([Buffer.from(before), Buffer.from(octets), Buffer.from(after)])
}
