import type { Clock } from '../types/options.ts'

/** A clock that stands still until a test moves it; it does not drive timers of the runtime. Readings are milliseconds, moves are seconds. */
export interface TestClock extends Clock {
  /** Wall clock and monotonic clock go forward by `seconds`, at least 0. */
  advance(seconds: number): void
  /** The wall clock alone jumps by `seconds`, back when negative: what NTP or an operator does to a machine. */
  step(seconds: number): void
}

/** Makes a clock that stands at `startMs` (milliseconds since the epoch) with its monotonic side at 0; it never moves by itself. */
export function createTestClock(startMs: number = Date.UTC(2026, 0, 1)): TestClock {
  let wall = requireFinite(startMs, 'startMs')
  let monotonic = 0
  return {
    now: () => wall,
    monotonic: () => monotonic,
    advance(seconds) {
      if (requireFinite(seconds, 'seconds') < 0)
        throw new RangeError('advance() goes forward only; use step() to go back')
      wall += seconds * 1000
      monotonic += seconds * 1000
    },
    step(seconds) {
      wall += requireFinite(seconds, 'seconds') * 1000
    },
  }
}

function requireFinite(value: number, name: string): number {
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be a finite number`)
  return value
}
