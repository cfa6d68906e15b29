import type { AccessRequirement, ReplayStore, VerifierOptions } from 'onbehalf'
import { createTestCertificate } from 'onbehalf/testing'
import { beforeEach, expect, test } from 'vitest'
import { createKit, headerValues, type Kit, outcomeOf } from '../../support/kit.ts'

/** A sender that was proven, after a wait. */

let kit: Kit
beforeEach(async () => {
  kit = await createKit()
})

/** A rule for which a request waits so many seconds. */
function waiting(seconds: number): AccessRequirement {
  return {
    where: async () => {
      kit.clock.advance(seconds)
      return true
    },
  }
}

function countingStore(): ReplayStore & { asked: number } {
  return {
    asked: 0,
    add() {
      this.asked++
      return 'fresh'
    },
  }
}

test('RFC 9449 §11.1: the store is not asked about a proof that has grown stale on a thread', async () => {
  const replay = countingStore()
  const verifier = kit.verifierWith({ dpop: { offload: 'always', replay } })
  const pending = verifier.check(await kit.request())
  kit.clock.advance(61)
  expect(outcomeOf(await pending)).toBe('proof_expired')
  expect(replay.asked).toBe(0)
})

test('RFC 9449 §11.1: the store is not asked about a proof whose time is only reported', async () => {
  const replay = countingStore()
  const verifier = kit.verifierWith({ reportOnly: ['proof_expired', 'proof_not_active'], dpop: { replay } })
  const now = kit.clock.now() / 1_000
  for (const iat of [now - 61, now + 11])
    expect(await kit.code({ verifier, proof: { claims: { iat } } })).toBe('admitted')
  expect(replay.asked).toBe(0)
  expect(await kit.code({ verifier })).toBe('admitted')
  expect(replay.asked).toBe(1)
})

test('RFC 8705 §3: a certificate does not grow stale in a wait', async () => {
  const certificate = await createTestCertificate({ commonName: 'a' })
  const token = { claims: { cnf: { 'x5t#S256': certificate.thumbprint } } }
  const verifier = kit.verifierWith({ access: waiting(120) })
  expect(await kit.code({ verifier, scheme: 'Bearer', token, proof: null, certificate: certificate.der })).toBe(
    'admitted',
  )
})

test.each([
  ['a fresh proof is not reported', 0, 60, []],
  ['a proof that grows too old is reported', 0, 61, ['proof_expired']],
  ['a proof from the future that grows too old is reported for both', 20, 81, ['proof_expired', 'proof_not_active']],
])('RFC 9449 §4.3(11): after a wait %s', async (_, offset, seconds, wouldRefuse) => {
  const iat = kit.clock.now() / 1_000 + offset
  const reportOnly = ['proof_expired', 'proof_not_active'] as const
  const verifier = kit.verifierWith({ reportOnly, access: waiting(seconds) })
  expect(await kit.call({ verifier, proof: { claims: { iat } } })).toMatchObject({ ok: true, wouldRefuse })
})

test('DPOP-27: a proof whose age is only reported ends with its nonce, to the millisecond', async () => {
  const dpop: VerifierOptions['dpop'] = { nonce: { secret: 'a-nonce-secret-of-thirty-two-bytes', seconds: 90 } }
  const codeAfter = async (seconds: number) => {
    // A nonce is good from the start of its slot of three seconds.
    kit.clock.advance(3 - ((kit.clock.now() / 1_000) % 3))
    const verifier = kit.verifierWith({ reportOnly: ['proof_expired'], dpop, access: waiting(seconds) })
    const [nonce] = headerValues(await kit.call({ verifier, proof: {} }), 'DPoP-Nonce')
    return kit.code({ verifier, proof: { nonce } })
  }
  expect(await codeAfter(90)).toBe('admitted')
  expect(await codeAfter(90.001)).toBe('nonce_invalid')
})
