import { describe, expect, test } from 'vitest'
import { createTestClock } from '../../../src/testing/index.ts'

describe('test clock', () => {
  test('kit: it starts at 2026-01-01, its monotonic side at 0', () => {
    const clock = createTestClock()
    expect([clock.now(), clock.monotonic()]).toEqual([Date.UTC(2026, 0, 1), 0])
  })

  test('kit: it starts where it is told and stands still', async () => {
    const clock = createTestClock(1_500)
    await new Promise(setImmediate)
    expect(clock.now()).toBe(1_500)
  })

  test('kit: advance moves both sides by seconds', () => {
    const clock = createTestClock(0)
    clock.advance(1.5)
    expect([clock.now(), clock.monotonic()]).toEqual([1_500, 1_500])
  })

  test('kit: step moves the wall clock alone, also back', () => {
    const clock = createTestClock(10_000)
    clock.step(-20)
    clock.step(5)
    expect([clock.now(), clock.monotonic()]).toEqual([-5_000, 0])
  })

  test('kit: the monotonic side never goes back', () => {
    const clock = createTestClock(0)
    expect(() => clock.advance(-1)).toThrow(RangeError)
    expect([clock.now(), clock.monotonic()]).toEqual([0, 0])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('kit: %s is no time', (value) => {
    const clock = createTestClock(0)
    expect(() => clock.advance(value)).toThrow(RangeError)
    expect(() => clock.step(value)).toThrow(RangeError)
    expect(() => createTestClock(value)).toThrow(RangeError)
  })

  test('kit: its readings work detached, as option objects pass them', () => {
    const { now, monotonic, advance } = createTestClock(0)
    advance(1)
    expect([now(), monotonic()]).toEqual([1_000, 1_000])
  })
})
