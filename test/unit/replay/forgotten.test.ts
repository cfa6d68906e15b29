import { describe, expect, test } from 'vitest'
import { ForgottenEnds } from '../../../src/replay/forgotten.ts'

describe('the ends a memory has forgotten', () => {
  test('REPLAY: an interval holds its bounds and what lies between, nothing else', () => {
    const ends = new ForgottenEnds()
    expect(ends.has(10)).toBe(false)
    ends.add(10, 20)
    expect([9, 10, 15, 20, 21].map((end) => ends.has(end))).toEqual([false, true, true, true, false])
  })

  test('REPLAY: what lies between two intervals is not forgotten, in whatever order they came', () => {
    const ends = new ForgottenEnds()
    ends.add(100, 110)
    ends.add(10, 20)
    ends.add(50, 60)
    expect([15, 30, 55, 80, 105].map((end) => ends.has(end))).toEqual([true, false, true, false, true])
  })

  test('REPLAY: intervals that overlap are one', () => {
    const ends = new ForgottenEnds()
    for (const [first, last] of [
      [10, 20],
      [40, 50],
      [15, 45],
    ] as const)
      ends.add(first, last)
    expect([9, 10, 30, 50, 51].map((end) => ends.has(end))).toEqual([false, true, true, true, false])
  })

  test('REPLAY: of more than 64 the two nearest become one, so no forgotten end is ever lost', () => {
    const ends = new ForgottenEnds()
    const forgotten: number[] = []
    for (let at = 0; at < 200; at++) {
      const end = at * at * 10
      forgotten.push(end)
      ends.add(end, end)
    }
    expect(forgotten.every((end) => ends.has(end))).toBe(true)
    // The nearest were joined: the widest gaps are still gaps.
    expect(ends.has(199 * 199 * 10 - 5)).toBe(false)
    expect(ends.has(5)).toBe(true)
  })
})
