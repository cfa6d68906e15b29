import type { Directory, Verifier } from 'onbehalf'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createKit, type Kit } from '../support/kit.ts'

/** Streams end with their parties: by the answers that requests would be judged by. */

let kit: Kit
let answers: Directory

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  answers = () => ({ owner: 'ops' })
  kit = await createKit({ token: { human: 'alice' } })
})
afterEach(() => {
  vi.useRealTimers()
})

async function leaseOf(verifier: Verifier): Promise<AbortSignal> {
  const planner = await kit.issuer.agent('planner-2')
  return verifier.lease(await verifier.verify(await kit.request({ token: { via: [planner], lifetimeSeconds: 290 } })))
}

function verifierAsking(more: { revocation?: { isRevoked(): Promise<boolean> } } = {}): Verifier {
  return kit.verifierWith({ delegation: { requireOwner: true, directory: (party) => answers(party) }, ...more })
}

/** The runtime's timers and the verifier's clock. */
async function pass(seconds: number): Promise<void> {
  kit.clock.advance(seconds)
  await vi.advanceTimersByTimeAsync(1_000)
}

test.each<[string, Directory]>([
  ['disables the actor', ({ subject }) => (subject === 'travel-7' ? { disabled: true } : undefined)],
  ['disables an earlier actor', async ({ subject }) => (subject === 'planner-2' ? { disabled: true } : { owner: 'x' })],
  ['knows no owner any more', () => undefined],
])('lease: when the directory %s, it ends within a second of that answer', async (_, next) => {
  const verifier = verifierAsking()
  const lease = await leaseOf(verifier)
  await pass(23)
  expect(lease.aborted).toBe(false)
  answers = next
  await pass(1)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test('lease: a directory that fails ends it when its last answer does', async () => {
  const verifier = verifierAsking()
  const lease = await leaseOf(verifier)
  answers = () => Promise.reject(new Error('down'))
  await pass(29)
  expect(lease.aborted).toBe(false)
  await pass(1)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test('lease: while the directory says the same it holds, and is asked as rarely as by requests', async () => {
  const asked = vi.fn(() => ({ owner: 'ops' }))
  answers = asked
  const verifier = verifierAsking()
  const lease = await leaseOf(verifier)
  for (let round = 0; round < 10; round++) await pass(24)
  expect(lease.aborted).toBe(false)
  expect(asked).toHaveBeenCalledTimes(33)
  await verifier.close()
})

test('lease: a revocation source that does not answer delays no answer of the directory', async () => {
  let isFirst = true
  const isRevoked = () => {
    if (!isFirst) return new Promise<boolean>(() => {})
    isFirst = false
    return Promise.resolve(false)
  }
  const verifier = verifierAsking({ revocation: { isRevoked } })
  const lease = await leaseOf(verifier)
  answers = () => ({ disabled: true })
  kit.clock.advance(24)
  await vi.advanceTimersByTimeAsync(500)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test('lease: one that is taken anew while the old one ends is watched as well', async () => {
  const verifier = verifierAsking()
  const context = await verifier.verify(await kit.request({ token: { lifetimeSeconds: 290 } }))
  const release: ((answer: { disabled: true }) => void)[] = []
  const first = verifier.lease(context)
  const taken: AbortSignal[] = []
  first.addEventListener('abort', () => taken.push(verifier.lease(context)))
  answers = () =>
    new Promise((resolve) => {
      release.push(resolve)
    })
  kit.clock.advance(30)
  // Two rounds wait for one answer.
  await vi.advanceTimersByTimeAsync(1_100)
  for (const answer of release) answer({ disabled: true })
  await vi.advanceTimersByTimeAsync(0)
  expect([first, ...taken].map(({ aborted }) => aborted)).toEqual([true, false])
  await vi.advanceTimersByTimeAsync(500)
  expect([first, ...taken].map(({ aborted }) => aborted)).toEqual([true, true])
  await verifier.close()
})
