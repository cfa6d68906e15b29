import { OptionsError, refusals, type VerifierOptions } from 'onbehalf'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { challengeFields, challengesIn } from '../../support/challenges.ts'
import { type Call, createKit, type Kit } from '../../support/kit.ts'
import { dpopOnly, mtlsOnly, noCredentials, plain } from './policies.ts'

let kit: Kit
let certificate: TestCertificate

beforeAll(async () => {
  kit = await createKit({ trust: { actorIssuers: 'any' } })
  certificate = await createTestCertificate({ commonName: 'travel-7' })
})

const answer = (options: Partial<VerifierOptions>, call: Call) =>
  kit.refusal({ ...call, verifier: kit.verifierWith(options) })

describe('every 401 has a challenge', () => {
  const calls: readonly Call[] = [
    noCredentials,
    { headers: { authorization: 'Basic dTpw' } },
    { token: 'junk' },
    { token: { header: { typ: 'JWT' } } },
    { token: { header: { alg: 'none' } } },
    { token: { claims: { iss: 'https://evil.test' } } },
    { token: { claims: { exp: 1 } } },
    { token: { header: { kid: 'other' } } },
    { token: { claims: { sub: '' } } },
    { token: { audience: 'https://other.test' } },
    { token: { lifetimeSeconds: 301 } },
    { token: { claims: { cnf: { kid: 'k' } } } },
    { token: { claims: { cnf: undefined } } },
    { scheme: 'Bearer' },
    { proof: null },
    { proof: 'junk' },
    { proof: { header: { alg: 'none' } } },
    { proof: { claims: { htm: 'POST' } } },
    { proof: { claims: { htu: 'https://evil.test' } } },
    { proof: { claims: { ath: 'x' } } },
    { proof: { claims: { iat: 0 } } },
    { proof: { claims: { iat: 99_999_999_999 } } },
    { token: { claims: { act: 'x' } } },
  ]
  const policies: readonly Partial<VerifierOptions>[] = [{}, plain, dpopOnly, mtlsOnly]

  test('PRES-17: whatever is refused, under every policy', async () => {
    const codes = new Set<string>()
    for (const options of policies) {
      for (const call of calls) {
        const refusal = await answer(options, call)
        expect(refusal.status).toBe(401)
        expect(challengeFields(refusal)).toHaveLength(1)
        expect(Object.keys(challengesIn(refusal)).length).toBeGreaterThan(0)
        codes.add(refusal.code)
      }
    }
    expect(codes.size).toBeGreaterThanOrEqual(20)
  })

  test('PRES-17: so does a step-up', async () => {
    const refusal = await answer({ access: { acr: ['gold'] } }, {})
    expect(refusal).toMatchObject({ code: 'authentication_insufficient', status: 401 })
    expect(challengeFields(refusal)).toHaveLength(1)
  })
})

describe('nothing of the request gets in', () => {
  const hostile = '"\\\r\nSet-Cookie: a=b; ä\u0000, Bearer error="none"'

  test.each<[string, Call]>([
    ['typ', { token: { header: { typ: hostile } } }],
    ['alg', { token: { header: { alg: hostile } } }],
    ['kid', { token: { header: { kid: hostile } } }],
    ['iss', { token: { claims: { iss: hostile } } }],
    ['aud', { token: { audience: hostile } }],
    ['scope', { token: { claims: { scope: hostile } } }],
    ['act', { token: { claims: { act: hostile } } }],
    ['cnf', { token: { claims: { cnf: { [hostile]: hostile } } } }],
    ['htu', { proof: { claims: { htu: hostile } } }],
    ['htm', { proof: { claims: { htm: hostile } } }],
    ['proof alg', { proof: { header: { alg: hostile } } }],
    ['target', { target: `/${hostile}` }],
    ['method', { method: hostile, proof: { claims: { htm: 'GET' } } }],
  ])('PRES-16: a hostile %s leaves no mark on the answer', async (_, call) => {
    const refusal = await kit.refusal(call)
    const { detail } = refusals[refusal.code]
    for (const parameters of Object.values(challengesIn(refusal))) {
      if (parameters['error'] !== undefined) expect(parameters['error_description']).toBe(detail)
    }
    expect(refusal.body.detail).toBe(detail)
    const wire = JSON.stringify([refusal.headers, refusal.body])
    expect(wire).not.toMatch(/Set-Cookie|\\r|\\n|ä/)
  })

  test('PRES-16: texts hold only what RFC 6750 §3 allows', () => {
    for (const { error, detail } of Object.values(refusals)) {
      expect(detail).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
      expect(error ?? 'none').toMatch(/^[a-z_]+$/)
    }
  })

  test.each(['a b', 'a"', 'a\\', 'ä', '', 'a\n'])(
    'PRES-16: a scope %j of the configuration stops the process',
    (scope) => {
      expect(() => kit.verifierWith({ access: { scopes: [scope] } })).toThrow(OptionsError)
      expect(() => kit.verifierWith({ access: { acr: [scope] } })).toThrow(OptionsError)
    },
  )
})

describe('insufficient rights, after authentication', () => {
  test('PRES-19: a missing scope is 403, with all that the route needs', async () => {
    const refusal = await answer(
      { metadata: true, access: { scopes: ['a', 'b'], anyScope: ['c', 'd'] } },
      { token: { scopes: ['a'] } },
    )
    expect(refusal).toMatchObject({ code: 'scope_missing', status: 403, error: 'insufficient_scope' })
    expect(challengesIn(refusal)['DPoP']).toMatchObject({ error: 'insufficient_scope', scope: 'a b c' })
    expect(challengeFields(refusal)[0]).toContain('resource_metadata="')
  })

  test('PRES-19: under the scheme used', async () => {
    const token = { claims: { cnf: { 'x5t#S256': certificate.thumbprint } } }
    const call = { scheme: 'Bearer', token, proof: null, certificate: certificate.der }
    const refusal = await answer({ access: { scopes: ['a'] } }, call)
    expect(challengesIn(refusal)).toMatchObject({ Bearer: { error: 'insufficient_scope', scope: 'a' } })
    expect(challengesIn(refusal)['DPoP']).not.toHaveProperty('error')
  })

  test('PRES-19: who is not authenticated never learns of scopes lacking', async () => {
    const access = { scopes: ['a'] }
    expect(await answer({ access }, { proof: null })).toMatchObject({ code: 'proof_missing', status: 401 })
    expect(await answer({ access }, { token: 'junk' })).toMatchObject({ code: 'token_malformed', status: 401 })
  })

  test('PRES-19: for a route, by authorize', async () => {
    const verdict = await kit.call()
    if (!verdict.ok) throw new Error(verdict.refusal.code)
    const decision = await kit.verifier.authorize(verdict.context, { scopes: ['a'] })
    expect(decision).toMatchObject({ ok: false, refusal: { code: 'scope_missing', status: 403 } })
  })
})
