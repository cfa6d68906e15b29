import type { Directory, Verifier } from 'onbehalf'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'

/** Whether a stream may go on: by the answers that a request with its token would be judged by. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const claims = { act: { sub: 'travel-7', sub_profile: 'ai_agent' } }

async function leaseOf(forge: Forge, verifier: Verifier): Promise<AbortSignal> {
  return verifier.lease(await forge.context({ verifier, token: forge.token(claims) }))
}

async function pass(forge: Forge, seconds: number): Promise<void> {
  forge.clock.advance(seconds)
  await vi.advanceTimersByTimeAsync(1_000)
}

test('Context: without a directory a stream goes on as long as its token', async () => {
  const forge = await createForge()
  const verifier = forge.verifierWith()
  const lease = await leaseOf(forge, verifier)
  await pass(forge, 299)
  expect(lease.aborted).toBe(false)
  await pass(forge, 1)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})

test.each<[string, Directory]>([
  ['disables the actor', ({ subject }) => (subject === 'travel-7' ? { disabled: true } : { owner: 'ops' })],
  [
    'disables the principal with a promise',
    async ({ subject }) => (subject === 'alice' ? { disabled: true } : { owner: 'ops' }),
  ],
  ['knows no owner any more', () => undefined],
])('Context: a stream ends when the directory %s, and goes on until then', async (_, next) => {
  const forge = await createForge()
  let directory: Directory = () => ({ owner: 'ops' })
  const verifier = forge.verifierWith({ delegation: { requireOwner: true, directory: (party) => directory(party) } })
  const lease = await leaseOf(forge, verifier)
  await pass(forge, 24)
  expect(lease.aborted).toBe(false)
  directory = next
  await pass(forge, 24)
  expect(lease.aborted).toBe(true)
  await verifier.close()
})
