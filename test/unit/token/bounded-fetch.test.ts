import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { withinTime } from '../../../src/token/bounded-fetch.ts'

describe('an errand with a deadline', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test.each([
    ['comes back', async () => 'done'],
    ['fails', () => Promise.reject(new Error('failed'))],
  ])('P41: leaves neither timer, listener nor connection behind when it %s', async (_, work) => {
    const { signal: closing } = new AbortController()
    const signals: AbortSignal[] = []
    const errand = withinTime(1_000, closing, (signal) => {
      signals.push(signal)
      return work()
    })
    expect([vi.getTimerCount(), getEventListeners(closing, 'abort').length]).toEqual([1, 1])
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await errand.catch(() => {})
    expect([vi.getTimerCount(), getEventListeners(closing, 'abort').length]).toEqual([0, 0])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})
