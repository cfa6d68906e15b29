import { expect, test } from 'vitest'
import { createKeyPace } from '../../../src/token/key-pace.ts'

test.each(['now', 'monotonic'] as const)(
  'Keys: a clock whose %s fails for a moment does not end the wait',
  (failing) => {
    const clock = { now: () => 1_000, monotonic: () => 1_000 }
    const pace = createKeyPace(clock, 30_000)
    pace.begin()
    pace.succeeded()
    clock[failing] = () => Number.NaN
    expect(pace.remaining()).toBe(30_000)
    const other = failing === 'now' ? 'monotonic' : 'now'
    clock[other] = () => 31_000
    expect(pace.remaining()).toBe(0)
  },
)

test('Keys: a fetch that begins while the clock fails is waited for all the same', () => {
  const pace = createKeyPace({ now: () => Number.NaN, monotonic: () => Number.NaN }, 30_000)
  pace.begin()
  pace.succeeded()
  expect(pace.remaining()).toBe(30_000)
})
