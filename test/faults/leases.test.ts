import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { contextIn, createKit } from '../support/kit.ts'
import { type Fault, faults } from './faults.ts'

let unhandled = 0
const count = () => {
  unhandled++
}

beforeEach(() => {
  unhandled = 0
  process.on('unhandledRejection', count)
})
afterEach(() => {
  process.off('unhandledRejection', count)
  vi.useRealTimers()
})

test.each<Fault>(faults)('Hooks: a revocation source that $name ends the streams of the token', async ({ answer }) => {
  const kit = await createKit()
  let isDown = false
  const verifier = kit.verifierWith({ revocation: { isRevoked: () => (isDown ? (answer() as boolean) : false) } })
  const context = contextIn(await kit.call({ verifier }))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const signal = verifier.lease(context)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(signal.aborted).toBe(false)
  isDown = true
  await vi.advanceTimersByTimeAsync(2_000)
  expect(signal.aborted).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(unhandled).toBe(0)
})
