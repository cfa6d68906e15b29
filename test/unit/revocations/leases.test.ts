import type { RevocationSource, VerifierOptions } from 'onbehalf'
import { anyOf, type MemoryRevocations, memoryRevocations, type Revocation } from 'onbehalf/revocation'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createKit, issuerUrl as issuer, type Kit } from '../../support/kit.ts'

let kit: Kit
let revocations: MemoryRevocations
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  kit = await createKit()
  revocations = memoryRevocations({ clock: kit.clock })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A lease of a token of alice, session s, in the hands of travel-7. */
async function open(revocation: RevocationSource, options: Partial<VerifierOptions> = {}) {
  const verifier = kit.verifierWith({ revocation, ...options })
  const context = await kit.context({ token: { human: 'alice', claims: { sid: 's' } }, verifier })
  return { verifier, context, lease: verifier.lease(context) }
}

const things: readonly Omit<Revocation, 'issuer'>[] = [
  { party: 'alice' },
  { party: 'travel-7' },
  { client: 'travel-7' },
  { session: 's' },
]

test.each([0, 1, 250, 499, 500, 999])(
  'Revocation: a lease ends within a second, wherever between two checks it is revoked (%i ms)',
  async (phase) => {
    const { lease, verifier, context } = await open(revocations)
    const other = verifier.lease(await kit.context({ token: { human: 'bob' }, verifier }))
    await vi.advanceTimersByTimeAsync(phase)
    expect(lease.aborted).toBe(false)
    revocations.revoke({ issuer, token: context.token.id })
    await vi.advanceTimersByTimeAsync(999)
    expect([lease.aborted, other.aborted]).toEqual([true, false])
    await verifier.close()
  },
)

test.each(things)('Revocation: a lease ends by %o', async (thing) => {
  const { lease, verifier } = await open(revocations)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(lease.aborted).toBe(false)
  revocations.revoke({ issuer, ...thing } as Revocation)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test('Revocation: what is forgotten before the check ends no lease; a lease that ended stays ended', async () => {
  const { lease, verifier } = await open(revocations)
  revocations.revoke({ issuer, party: 'alice' })
  revocations.forget({ issuer, party: 'alice' })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lease.aborted).toBe(false)
  revocations.revoke({ issuer, party: 'alice' })
  await vi.advanceTimersByTimeAsync(1_000)
  revocations.forget({ issuer, party: 'alice' })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test('Revocation: a memory beside a slow source ends a lease within a second all the same', async () => {
  let calls = 0
  const later = () => new Promise<boolean>((resolve) => setTimeout(resolve, 4_000, false))
  const slow: RevocationSource = { isRevoked: () => (++calls > 1 ? later() : Promise.resolve(false)) }
  for (const revocation of [anyOf(revocations, slow), anyOf(slow, anyOf(revocations))]) {
    calls = 0
    const { lease, verifier } = await open(revocation, { hookTimeoutMs: 5_000 })
    await vi.advanceTimersByTimeAsync(1_501)
    expect([lease.aborted, calls]).toEqual([false, 2])
    revocations.revoke({ issuer, party: 'alice' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect([lease.aborted, calls]).toEqual([true, 2])
    revocations.forget({ issuer, party: 'alice' })
    await verifier.close()
  }
})

test('P41: one of several that cannot tell ends the lease', async () => {
  let isDown = false
  const failing: RevocationSource = {
    isRevoked: () => {
      if (isDown) throw new Error('down')
      return false
    },
  }
  const { lease, verifier } = await open(anyOf(revocations, failing))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lease.aborted).toBe(false)
  isDown = true
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test('Revocation: an answer that comes after the lease has ended does not touch the next lease of the token', async () => {
  const answers: ((isRevoked: boolean) => void)[] = []
  let isLate = false
  const slow: RevocationSource = {
    isRevoked: () => (isLate ? new Promise((resolve) => answers.push(resolve)) : false),
  }
  const { lease, verifier, context } = await open(anyOf(revocations, slow), { hookTimeoutMs: 60_000 })
  isLate = true
  await vi.advanceTimersByTimeAsync(500)
  revocations.revoke({ issuer, party: 'alice' })
  await vi.advanceTimersByTimeAsync(500)
  expect([lease.aborted, answers.length]).toEqual([true, 1])
  revocations.forget({ issuer, party: 'alice' })
  isLate = false
  const next = verifier.lease(context)
  answers[0]?.(true)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([next === lease, next.aborted]).toEqual([false, false])
  revocations.revoke({ issuer, party: 'alice' })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(next.aborted).toBe(true)
  await verifier.close()
})
