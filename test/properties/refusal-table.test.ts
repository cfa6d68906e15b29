import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Refusal, type RequestView, refusals, type Verdict, type Verifier } from '../../src/index.ts'
import { encode } from '../support/bytes.ts'
import { parseChallenges } from '../support/challenges.ts'
import { type Part, rawJws, signBytes } from '../support/jws.ts'
import { anyJson, claimsFor, createRig, proofClaims, proofHeader, type Rig, runs, viewOf } from './rig.ts'

/** This text is in every input and must be in no answer. */
const canary = 'c4n4ry'
let rig: Rig
let verifiers: readonly Verifier[]
const { clock } = await createRig().then((made) => {
  rig = made
  return made.open()
})

beforeAll(() => {
  const secret = 's'.repeat(32)
  const sink = { write: () => {} }
  const open = (options = {}, trust = {}) => rig.open({ ...options, clock }, trust).verifier
  verifiers = [
    open(),
    open({ dpop: { nonce: { secret } } }),
    open({ dpop: { nonce: { secret }, freshness: 'nonce', htu: 'strict' }, audit: { sink, required: true } }),
    open({ mtls: false, audit: [sink], access: { scopes: ['tools:read'], actor: { kind: 'agent' } } }),
    open({ dpop: false, metadata: false, revocation: { isRevoked: () => false } }),
    open({ problemCodes: false }, { dangerously: { allowUnbound: true }, actorIssuers: 'any', ignoreCnf: ['kid'] }),
  ]
})

async function judgeEverywhere(view: RequestView, secrets: readonly string[]): Promise<void> {
  for (const verifier of verifiers) requireTabled(await verifier.check(view), secrets)
}

function requireTabled(verdict: Verdict, secrets: readonly string[]): void {
  if (verdict.ok) return
  const { code, status, error, headers, body } = verdict.refusal
  const row = refusals[code]
  expect({ status, error }).toEqual({ status: row.status, error: row.error })
  expect(body).toMatchObject({ status: row.status, detail: row.detail })
  expect(Object.values(body).filter((value) => typeof value === 'string' && value.includes(canary))).toEqual([])
  requireHeaders(verdict.refusal)
  const wire = `${JSON.stringify(headers)}${JSON.stringify(body)}`
  for (const secret of [canary, ...secrets]) if (secret.length > 5) expect(wire).not.toContain(secret)
}

function requireHeaders({ status, error, headers }: Refusal): void {
  const named = (name: string) => headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
  for (const [name, value] of headers) expect(`${name}: ${value}`).toMatch(/^[A-Za-z-]+: [\x20-\x7e]+$/)
  const challenges = named('www-authenticate')
  const isOurs = status === 429 || status === 503
  expect(named('retry-after')).toHaveLength(isOurs ? 1 : 0)
  if (isOurs) expect(challenges).toEqual([])
  if (status === 401) expect(challenges).toHaveLength(1)
  for (const field of challenges) {
    const parsed = parseChallenges(field)
    expect(parsed.length).toBeGreaterThan(0)
    const errors = parsed.map(({ parameters }) => parameters.get('error')).filter((value) => value !== undefined)
    expect([...new Set(errors)]).toEqual(error === null ? [] : [error])
  }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.constantFrom('', canary, 'a.b.c', '..', `${canary},${canary}`, '\0', 'é', '"', '\r\nX: y'),
)
const anyToken = fc.string({ unit: fc.constantFrom(...'AQeyJ019-_.~+/='), maxLength: 200 })
const anyAuthorization = fc.oneof(
  anyText,
  fc
    .tuple(fc.constantFrom('DPoP', 'Bearer', 'dpop', 'BEARER', 'Basic', 'DPoP,'), fc.constantFrom(' ', '  ', '\t', ''))
    .chain(([scheme, gap]) => fc.oneof(anyText, anyToken).map((rest) => `${scheme}${gap}${rest}`)),
)
const anyTarget = fc.oneof(
  anyText,
  fc.webPath(),
  fc.constantFrom('*', '//x', '/\\x', '/%2e%2e/x', 'https://[::1]x/', 'http:'),
)

describe('any input', () => {
  test('RFC 9110 §11.6.1: any request is answered from the table, and every 401 has a readable challenge', async () => {
    const view = fc.record({
      method: fc.oneof(anyText, fc.constantFrom('GET', 'OPTIONS')),
      target: anyTarget,
      authorization: fc.array(anyAuthorization, { maxLength: 3 }),
      dpop: fc.array(fc.oneof(anyText, anyToken), { maxLength: 3 }),
      certificate: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(view, async ({ method, target, authorization, dpop, certificate }) => {
        const lines: Record<string, readonly string[]> = { authorization, dpop }
        const address = `10.9.8.7-${canary}`
        const header = (name: string) => lines[name] ?? []
        const peer = { address, certificate: () => certificate }
        await judgeEverywhere({ method, target, header, peer }, [address, ...authorization, ...dpop].filter(isTelling))
      }),
      runs(100),
    )
  })

  test('Certificate: one that cannot be read counts as none', async () => {
    const token = rig.token({ cnf: { 'x5t#S256': 'A'.repeat(43) } })
    const view = viewOf(token)
    const certificate = () => {
      throw new Error(canary)
    }
    await judgeEverywhere({ ...view, header: bearer(token), peer: { certificate } }, [token])
  })
})

/** Long enough that the table does not contain it by chance. */
function isTelling(text: string): boolean {
  return text.length > 12 && !JSON.stringify(Object.values(refusals)).includes(text)
}

function bearer(token: string): RequestView['header'] {
  return (name) => (name === 'authorization' ? [`Bearer ${token}`] : [])
}

describe('bent tokens and proofs', () => {
  const bends = fc.array(
    fc.record({ kind: fc.constantFrom('bit', 'cut', 'swap', 'repeat'), at: fc.nat(), bit: fc.nat(7) }),
    { minLength: 1, maxLength: 3 },
  )

  function bend(jws: string, other: string, changes: readonly { kind: string; at: number; bit: number }[]): string {
    let text = jws
    for (const { kind, at, bit } of changes) {
      const parts = text.split('.')
      const part = at % parts.length
      const octets = Buffer.from(parts[part] ?? '', 'base64url')
      if (octets.length > 0) octets[at % octets.length] = (octets[at % octets.length] ?? 0) ^ (1 << bit)
      if (kind === 'bit') parts[part] = octets.toString('base64url')
      if (kind === 'swap') parts[part] = other.split('.')[(part + bit) % 3] ?? ''
      if (kind === 'repeat') parts.push(parts[part] ?? '')
      text = kind === 'cut' ? text.slice(0, at % (text.length + 1)) : parts.join('.')
    }
    return text
  }

  test('RFC 7515 §5.2: flipped bits, cuts and spliced segments are answered from the table', async () => {
    await fc.assert(
      fc.asyncProperty(bends, fc.boolean(), async (changes, inToken) => {
        const token = rig.token()
        const proof = rig.proof(clock, token)
        const bentToken = inToken ? bend(token, proof, changes) : token
        const bentProof = inToken ? rig.proof(clock, bentToken) : bend(proof, token, changes)
        await judgeEverywhere(viewOf(bentToken, bentProof), [bentToken, bentProof].filter(isTelling))
      }),
      runs(100),
    )
  })

  const names = [
    'typ',
    'alg',
    'kid',
    'jwk',
    'crit',
    'iss',
    'sub',
    'aud',
    'exp',
    'iat',
    'nbf',
    'jti',
    'cnf',
    'act',
    'scope',
  ].concat([
    'htm',
    'htu',
    'ath',
    'nonce',
    'client_id',
    'sub_profile',
    'amr',
    'acr',
    'auth_time',
    'authorization_details',
    '__proto__',
  ])
  const changes = fc.dictionary(fc.constantFrom(...names), fc.oneof(anyJson, fc.constant(canary)), {
    minKeys: 1,
    maxKeys: 3,
  })

  test('RFC 7519 §7.2: any member of header and claims, rightly signed, is answered from the table', async () => {
    await fc.assert(
      fc.asyncProperty(
        changes,
        fc.constantFrom('token', 'token header', 'proof', 'proof header'),
        async (change, where) => {
          const token = rig.token(where === 'token' ? change : {}, where === 'token header' ? change : {})
          const claims = { ...proofClaims(clock, token), ...(where === 'proof' && change) }
          const proof = rawJws(
            rig.agentKey,
            { ...proofHeader(rig.agentKey), ...(where === 'proof header' && change) },
            claims,
          )
          await judgeEverywhere(viewOf(token, proof), [token, proof])
        },
      ),
      runs(400),
    )
  })

  test('RFC 7519 §7.2: header and claims of any JSON at all, rightly signed, are answered from the table', async () => {
    const anyPart = (value: unknown): Part => JSON.stringify(value) ?? 'null'
    await fc.assert(
      fc.asyncProperty(anyJson, anyJson, fc.nat(3), async (one, two, which) => {
        const token =
          which === 0 ? rawJws(rig.issuerKey, { typ: 'at+jwt', alg: 'ES256', kid: 'k1' }, anyPart(one)) : rig.token()
        const stray = which === 1 ? rawJws(rig.issuerKey, anyPart(one), anyPart(two)) : token
        const proof =
          which === 2
            ? rawJws(rig.agentKey, anyPart(one), anyPart(two))
            : rawJws(rig.agentKey, proofHeader(rig.agentKey), anyPart(two))
        await judgeEverywhere(viewOf(stray, proof), [stray, proof])
      }),
      runs(100),
    )
  })

  test('RFC 7519 §7.2: octets that are no JSON, rightly signed, are answered from the table', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (octets, inHeader) => {
        const header = inHeader ? encode(octets) : encode({ typ: 'at+jwt', alg: 'ES256', kid: 'k1' })
        const input = `${header}.${inHeader ? encode(claimsFor(rig.jkt)) : encode(octets)}`
        const token = `${input}.${encode(signBytes(rig.issuerKey, input))}`
        await judgeEverywhere(viewOf(token, rig.proof(clock, token)), [token])
      }),
      runs(100),
    )
  })

  test.each(['typ', 'alg', 'kid', 'iss'])('RFC 7519 §7.2: %s may be an object without a string form', async (name) => {
    const odd = { toString: 0, valueOf: 0 }
    const token = rig.token(name === 'iss' ? { iss: odd } : {}, name === 'iss' ? {} : { [name]: odd })
    await judgeEverywhere(viewOf(token), [token])
  })
})
