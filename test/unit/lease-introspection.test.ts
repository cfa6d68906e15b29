import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDesk, type Desk, opaque } from '../support/introspection.ts'

/** Streams of a token about which its issuer is asked again. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

async function leaseOf({ forge, verifier }: Desk): Promise<AbortSignal> {
  return verifier.lease(await forge.context({ token: opaque, verifier }))
}

test('lease: an introspection answer that ends the token sooner ends its streams sooner, those before it too', async () => {
  const desk = await createDesk({ introspection: { cacheSeconds: 0 } })
  const { clock } = desk.forge
  const before = await leaseOf(desk)
  const exp = Math.floor(clock.now() / 1_000) + 20
  desk.answer(() => desk.active({ exp }))
  const after = await leaseOf(desk)
  clock.advance(19)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([before.aborted, after.aborted]).toEqual([false, false])
  clock.advance(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([before.aborted, after.aborted]).toEqual([true, true])
  await desk.verifier.close()
})

test('lease: the revocation source is asked about the parties of the newest introspection answer', async () => {
  let isOver = false
  const revocation = { isRevoked: ({ sessionId }: { sessionId?: string }) => isOver && sessionId === 'over' }
  const desk = await createDesk({ introspection: { cacheSeconds: 0 }, verifier: { revocation } })
  await leaseOf(desk)
  desk.answer(() => desk.active({ sid: 'over' }))
  const lease = await leaseOf(desk)
  isOver = true
  await vi.advanceTimersByTimeAsync(1_000)
  expect(lease.aborted).toBe(true)
  await desk.verifier.close()
})
