import type { Party } from 'onbehalf'
import { createTestClock } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { createDirectory } from '../../../src/context/directory.ts'

/** The cache in front of the directory, asked directly. */

const party: Party = {
  subject: 'travel-7',
  issuer: null,
  assertedBy: 'https://as.example.test',
  kind: 'agent',
  kindSource: 'profile',
  profiles: [],
}

test('Context: of a party that was never asked about nothing is known', () => {
  const cache = createDirectory(() => ({ owner: 'ops' }), createTestClock(), 1_000)
  expect(cache.latest(party)).toBeUndefined()
  void cache.ask([party])
  expect(cache.latest(party)).toEqual({ owner: 'ops' })
})

test('Context: while a question is open in the background no second one is put', async () => {
  const clock = createTestClock()
  let asked = 0
  const cache = createDirectory(
    async () => {
      asked += 1
      return { owner: 'ops' }
    },
    clock,
    1_000,
  )
  await cache.ask([party])
  clock.advance(24)
  expect([cache.ask([party]), cache.ask([party])]).toEqual([[{ owner: 'ops' }], [{ owner: 'ops' }]])
  expect(asked).toBe(2)
})

test('Context: an answer from later than now counts for nothing: the directory is asked', () => {
  const clock = createTestClock()
  let asked = 0
  let now = 5_000
  const count = () => {
    asked += 1
    return undefined
  }
  const cache = createDirectory(count, { ...clock, monotonic: () => now }, 1_000)
  void cache.ask([party])
  now = 4_999
  void cache.ask([party])
  expect(asked).toBe(2)
})
