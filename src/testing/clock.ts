import type { Clock } from '../types/options.ts'

/** A clock that stands still until a test moves it. It gives milliseconds and is moved by seconds; timers of the runtime do not follow it. */
export interface TestClock extends Clock {
  /** Moves wall time and monotonic time forward by `seconds`. A negative number throws RangeError. */
  advance(seconds: number): void
  /** Moves wall time alone by `seconds`, back when negative, as NTP or an operator does. */
  step(seconds: number): void
}

/** Makes a clock that stands at `startMs`, in milliseconds since the epoch; its monotonic time begins at 0. Default: 2026-01-01. */
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
