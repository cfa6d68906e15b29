import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto'
import { createServer } from 'node:http'
import { beforeAll, expect, test } from 'vitest'
import { encode, sha256 } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { makeRawKey, type RawKey, rawJws } from '../../support/jws.ts'
import { url } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const spki = { type: 'spki', format: 'pem' } as const
let rsa: RawKey

beforeAll(async () => {
  rsa = await makeRawKey('RS256')
})

const extensions: readonly (readonly [string, Record<string, unknown>])[] = [
  ['a name nobody knows', { crit: ['x'], x: 1 }],
  [
    'the example of RFC 7515 appendix E',
    { crit: ['http://example.invalid/UNDEFINED'], 'http://example.invalid/UNDEFINED': true },
  ],
  ['b64', { crit: ['b64'], b64: true }],
  ['exp', { crit: ['exp'], exp: 1 }],
]

test.each(extensions)('JOSE-03: crit with %s is malformed on token and proof', async (_, header) => {
  expect(await forge.code({ verifier, token: forge.token({}, header) })).toBe('token_malformed')
  expect(await forge.code({ verifier, token: forge.token(), proof: { header } })).toBe('proof_malformed')
})

test.each([
  ['empty', { crit: [] }],
  ['with one name twice', { crit: ['x', 'x'], x: 1 }],
  ['with a registered name', { crit: ['alg'] }],
  ['with a name the header lacks', { crit: ['x'] }],
  ['a string', { crit: 'x', x: 1 }],
  ['an empty string', { crit: '' }],
  ['null', { crit: null }],
  ['false', { crit: false }],
  ['zero', { crit: 0 }],
  ['an object', { crit: { x: 1 } }],
  ['with a number', { crit: [1] }],
])('JOSE-04: crit %s is malformed on token and proof', async (_, header) => {
  expect(await forge.code({ verifier, token: forge.token({}, header) })).toBe('token_malformed')
  expect(await forge.code({ verifier, token: forge.token(), proof: { header } })).toBe('proof_malformed')
})

test.each([
  ['false without crit', { b64: false }],
  ['false with crit', { b64: false, crit: ['b64'] }],
  ['true', { b64: true }],
  ['null', { b64: null }],
])('JOSE-05: b64 %s is malformed on token and proof', async (_, header) => {
  expect(await forge.code({ verifier, token: forge.token({}, header) })).toBe('token_malformed')
  expect(await forge.code({ verifier, token: forge.token(), proof: { header } })).toBe('proof_malformed')
})

test('JOSE-05: an unencoded payload is malformed', async () => {
  const input = `${encode(forge.header({ b64: false, crit: ['b64'] }))}.${JSON.stringify(forge.claims())}`
  const outcome = await forge.code({ verifier, token: `${input}.AAAA` })
  expect(['request_malformed', 'token_malformed']).toContain(outcome)
  expect(await forge.code({ verifier, token: forge.token(), proof: `${input}.AAAA` })).toBe('proof_malformed')
})

/** Each turns a good compact JWS into something that is not one. */
const shapes: readonly (readonly [string, (jws: string) => string])[] = [
  ['padding at the end', (jws) => `${jws}==`],
  ['a plus sign', (jws) => `${jws.slice(0, -4)}+AAA`],
  ['a slash', (jws) => `${jws.slice(0, -4)}/AAA`],
  ['a tilde', (jws) => `~${jws}`],
  ['a leading dot', (jws) => `.${jws}`],
  ['a trailing dot', (jws) => `${jws}.`],
  ['no dots', (jws) => jws.replaceAll('.', '')],
  ['two parts', (jws) => jws.slice(0, jws.lastIndexOf('.'))],
  ['an empty payload', (jws) => jws.replace(/\.[^.]+\./, '..')],
  ['an empty header', (jws) => jws.replace(/^[^.]+/, '')],
]

test.each(shapes)('JOSE-07: a token with %s is token_malformed', async (_, spoil) => {
  const token = forge.token()
  expect(await forge.code({ verifier, token })).toBe('admitted')
  expect(await forge.code({ verifier, token: spoil(token) })).toBe('token_malformed')
})

test.each([
  ...shapes,
  ['padding on the header', (jws: string) => jws.replace('.', '=.')],
  ['a space', (jws: string) => ` ${jws}`],
  ['a line end', (jws: string) => `${jws}\n`],
  ['a letter beyond ASCII', (jws: string) => `${jws.slice(0, -1)}ä`],
  ['the JSON serialization', (jws: string) => flattened(jws)],
] as const)('JOSE-07: a proof with %s is proof_malformed', async (_, spoil) => {
  const token = forge.token()
  const proof = await forge.agent.proof({ method: 'GET', url, token })
  expect(await forge.code({ verifier, token, proof: spoil(proof) })).toBe('proof_malformed')
})

test('JOSE-07: the JSON serialization of a token, or one with padding inside, is not even a credential', async () => {
  expect(await forge.code({ verifier, token: flattened(forge.token()) })).toBe('request_malformed')
  expect(await forge.code({ verifier, token: forge.token().replace('.', '=.') })).toBe('request_malformed')
})

test.each(['HS256', 'HS384', 'HS512'])(
  'JOSE-12: %s keyed with any form of the public key is token_algorithm',
  async (alg) => {
    const jwks = { keys: [{ ...rsa.publicJwk, kid: 'k1', alg: 'RS256' }] }
    const target = forge.verifierTrusting({ jwks })
    const pem = String(createPublicKey({ key: rsa.publicJwk as JsonWebKey, format: 'jwk' }).export(spki))
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
    const secrets = [
      pem,
      pem.trim(),
      der,
      JSON.stringify(rsa.publicJwk),
      JSON.stringify(jwks),
      rsa.publicJwk.n ?? '',
      '',
    ]
    for (const secret of secrets) {
      for (const header of [forge.header({ alg }), { typ: 'at+jwt', alg }]) {
        const input = `${encode(header)}.${encode(forge.claims())}`
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest('base64url')
        expect(await forge.code({ verifier: target, token: `${input}.${mac}` })).toBe('token_algorithm')
      }
    }
  },
)

test('JOSE-12: no option brings HMAC in', () => {
  expect(() => forge.verifierTrusting({ algorithms: ['HS256' as never] })).toThrow()
  expect(() => forge.verifierWith({ dpop: { algorithms: ['HS256' as never] } })).toThrow()
  expect(() => forge.verifierTrusting({ jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }] } })).toThrow()
})

test('JOSE-12: a proof under a symmetric key is proof_key', async () => {
  const jwk = { kty: 'oct', k: encode('secret') }
  const token = forge.token()
  for (const change of [{ alg: 'HS256', jwk }, { alg: 'ES256', jwk }, { alg: 'HS256' }]) {
    expect(await forge.code({ verifier, token, proof: { header: change } })).toBe('proof_key')
  }
})

test('JOSE-13: encrypted tokens and proofs are no signed ones', async () => {
  const parts = [{ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt' }, 'key', 'iv', 'ciphertext', 'tag'].map(encode)
  const jwe = parts.join('.')
  const direct = [parts[0], '', ...parts.slice(2)].join('.')
  for (const text of [jwe, direct]) {
    expect(await forge.code({ verifier, token: text })).toBe('token_malformed')
    expect(await forge.code({ verifier, token: forge.token(), proof: text })).toBe('proof_malformed')
  }
})

test('JOSE-13: a good JWS with two more parts is malformed', async () => {
  expect(await forge.code({ verifier, token: `${forge.token()}.AAAA.AAAA` })).toBe('token_malformed')
  const token = forge.token()
  const proof = await forge.agent.proof({ method: 'GET', url, token })
  expect(await forge.code({ verifier, token, proof: `${proof}.AAAA.AAAA` })).toBe('proof_malformed')
})

test('JOSE-13: a three-part token whose header has enc and an algorithm for encryption is token_algorithm', async () => {
  expect(await forge.code({ verifier, token: forge.token({}, { alg: 'dir', enc: 'A256GCM' }) })).toBe('token_algorithm')
})

test('JOSE-14: jku, x5u, x5c and jwk in a token find no key and are not fetched', async () => {
  const attacker = await makeRawKey('ES256')
  let visits = 0
  const server = createServer((_, response) => {
    visits++
    response.end(JSON.stringify({ keys: [{ ...attacker.publicJwk, kid: 'k1' }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const fetched: string[] = []
  const watched = forge.verifierWith({ fetch: (url) => Promise.reject(fetched.push(String(url))) })
  const url = `http://127.0.0.1:${port}/jwks`
  const pointers = { jku: url, x5u: url, x5c: ['MIIB'], jwk: attacker.publicJwk, x5t: 'AAAA', 'x5t#S256': 'AAAA' }
  for (const kid of ['k1', sha256('x'), undefined]) {
    const forged = rawJws(attacker, forge.header({ ...pointers, kid }), forge.claims())
    expect(['token_signature', 'token_key_unknown']).toContain(await forge.code({ verifier: watched, token: forged }))
  }
  expect(await forge.code({ verifier: watched, token: forge.token({}, pointers) })).toBe('admitted')
  server.close()
  expect({ visits, fetched }).toEqual({ visits: 0, fetched: [] })
})

function flattened(jws: string): string {
  const [header, payload, signature] = jws.split('.')
  return JSON.stringify({ protected: header, payload, signature })
}
