import type { DpopOptions, ReportableCheck } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, type Kit, outcomeOf, url } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

/** iat so many seconds before now. */
const codeAt = (age: number, dpop: DpopOptions = {}, more: Record<string, unknown> = {}) => {
  const now = kit.issuer.clock.now() / 1_000
  const claims = { iat: now - age, ...more }
  return kit.code({ verifier: kit.verifierWith({ dpop }), proof: { claims } })
}

describe('age', () => {
  test('DPOP-17: 60 s pass, one second more does not', async () => {
    expect(await codeAt(60)).toBe('admitted')
    expect(await codeAt(61)).toBe('proof_expired')
  })

  test('DPOP-17: nor does a millisecond more', async () => {
    const fresh = await createKit()
    const token = await fresh.token()
    const make = () => fresh.agent.proof({ method: 'GET', url, token })
    const [first, second] = [await make(), await make()]
    fresh.issuer.clock.advance(60)
    expect(await fresh.code({ token, proof: first })).toBe('admitted')
    fresh.issuer.clock.advance(0.001)
    expect(await fresh.code({ token, proof: second })).toBe('proof_expired')
  })

  test.each([
    [59, 'admitted'],
    [61, 'proof_expired'],
  ] as const)('DPOP-17: it is judged behind a wait, not before: after %i s %s', async (seconds, code) => {
    const fresh = await createKit()
    const revocation = {
      async isRevoked() {
        fresh.issuer.clock.advance(seconds)
        return false
      },
    }
    expect(await fresh.code({ verifier: fresh.verifierWith({ revocation }) })).toBe(code)
  })

  test.each([1, 5, 300, 3_600])('DPOP-17: maxAgeSeconds: %i is the bound', async (maxAgeSeconds) => {
    expect(await codeAt(maxAgeSeconds, { maxAgeSeconds })).toBe('admitted')
    expect(await codeAt(maxAgeSeconds + 1, { maxAgeSeconds })).toBe('proof_expired')
  })

  test.each([0, -1, -8_640_000_000])('DPOP-17: an iat of %d is long past', async (iat) => {
    expect(await codeAt(0, {}, { iat })).toBe('proof_expired')
  })

  test('DPOP-17: milliseconds for seconds lie in the future', async () => {
    expect(await codeAt(0, {}, { iat: kit.issuer.clock.now() })).toBe('proof_not_active')
  })

  test('DPOP-17: the refusal tells the operator the offset', async () => {
    const iat = kit.issuer.clock.now() / 1_000 - 90
    const refusal = await kit.refusal({ proof: { claims: { iat } } })
    expect(refusal.facts).toMatchObject({ iatOffset: -90, hint: 'dpop.maxAgeSeconds' })
  })
})

describe('future', () => {
  test('DPOP-18: 10 s ahead pass, one second more does not', async () => {
    expect(await codeAt(-10)).toBe('admitted')
    expect(await codeAt(-11)).toBe('proof_not_active')
  })

  test.each([0, 1, 300])('DPOP-18: futureSeconds: %i is the bound', async (futureSeconds) => {
    expect(await codeAt(-futureSeconds, { futureSeconds })).toBe('admitted')
    expect(await codeAt(-futureSeconds - 1, { futureSeconds })).toBe('proof_not_active')
  })

  test('DPOP-19: preset mcp is 300 s both ways, and strict', async () => {
    const preset = 'mcp'
    expect(await codeAt(300, { preset })).toBe('admitted')
    expect(await codeAt(301, { preset })).toBe('proof_expired')
    expect(await codeAt(-300, { preset })).toBe('admitted')
    expect(await codeAt(-301, { preset })).toBe('proof_not_active')
    expect(await codeAt(0, { preset }, { htu: `${url}?a=1` })).toBe('proof_target')
  })

  test('DPOP-19: what stands beside the preset wins', async () => {
    expect(await codeAt(31, { preset: 'mcp', maxAgeSeconds: 30 })).toBe('proof_expired')
    expect(await codeAt(0, { preset: 'mcp', htu: 'rfc9449' }, { htu: `${url}?a=1` })).toBe('admitted')
  })

  test('FAPI 2.0 §5.3.2.1: preset fapi2 is 60 s back and 10 s ahead', async () => {
    const preset = 'fapi2'
    expect([await codeAt(60, { preset }), await codeAt(61, { preset })]).toEqual(['admitted', 'proof_expired'])
    expect([await codeAt(-10, { preset }), await codeAt(-11, { preset })]).toEqual(['admitted', 'proof_not_active'])
  })
})

describe('exp and nbf of a proof', () => {
  const now = () => kit.issuer.clock.now() / 1_000

  test('DPOP-20: exp ends a proof with a fresh iat, 5 s of tolerance later', async () => {
    expect(await codeAt(0, {}, { exp: now() + 1 })).toBe('admitted')
    expect(await codeAt(0, {}, { exp: now() - 4 })).toBe('admitted')
    expect(await codeAt(0, {}, { exp: now() - 5 })).toBe('proof_expired')
    expect(await codeAt(0, {}, { exp: 0 })).toBe('proof_expired')
  })

  test('DPOP-20: nbf begins it, 5 s of tolerance before', async () => {
    expect(await codeAt(0, {}, { nbf: now() + 5 })).toBe('admitted')
    expect(await codeAt(0, {}, { nbf: now() + 6 })).toBe('proof_not_active')
  })

  test('DPOP-20: neither lengthens the life that iat gives', async () => {
    expect(await codeAt(61, {}, { exp: now() + 3_600, nbf: now() - 3_600 })).toBe('proof_expired')
  })

  test('DPOP-20: the tolerance is that of tokens', async () => {
    const verifier = kit.verifierWith({ token: { clockToleranceSeconds: 0 } })
    const exp = now()
    expect(await kit.code({ verifier, proof: { claims: { exp } } })).toBe('proof_expired')
    expect(await kit.code({ verifier, proof: { claims: { nbf: exp + 1 } } })).toBe('proof_not_active')
    expect(await kit.code({ verifier, proof: { claims: { nbf: exp } } })).toBe('admitted')
  })
})

test.each<readonly [ReportableCheck, number, ReportableCheck, number]>([
  ['proof_expired', -61, 'proof_not_active', 61],
  ['proof_not_active', 61, 'proof_expired', -61],
])(
  'Options: reportOnly notes %s of an iat %i s off, and enforces %s and the rest',
  async (code, offset, other, back) => {
    const verifier = kit.verifierWith({ reportOnly: [code] })
    const send = (by: number, more: object = {}) =>
      kit.call({ verifier, proof: { claims: { iat: kit.clock.now() / 1_000 + by, ...more } } })
    expect(await send(offset)).toMatchObject({ ok: true, wouldRefuse: [code] })
    expect(outcomeOf(await send(back))).toBe(other)
    expect(outcomeOf(await send(offset, { htm: 'PUT' }))).toBe('proof_method')
  },
)

describe('long-lived bound tokens', () => {
  test('DPOP-36: a token lives 300 s at most', async () => {
    expect(await kit.code({ token: { lifetimeSeconds: 300 } })).toBe('admitted')
    expect(await kit.code({ token: { lifetimeSeconds: 301 } })).toBe('token_lifetime')
    expect(await kit.code({ token: { lifetimeSeconds: 3_600 } })).toBe('token_lifetime')
  })

  test('DPOP-36: the ceiling is raised per issuer and said in the context', async () => {
    const lax = await createKit({ trust: { maxTokenSeconds: 3_600 } })
    const verdict = await lax.call({ token: { lifetimeSeconds: 3_600 } })
    expect(verdict).toMatchObject({ ok: true, context: { warnings: ['ttl_over_policy'] } })
    expect(await lax.code({ token: { lifetimeSeconds: 3_601 } })).toBe('token_lifetime')
  })
})
