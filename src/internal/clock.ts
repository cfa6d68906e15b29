import { performance } from 'node:perf_hooks'
import type { Clock } from '../types/options.ts'
import { synchronousAnswer } from './maybe-promise.ts'

/** A clock that never throws. Where it has no time to give it answers NaN, which no comparison takes for good. */
export interface SafeClock extends Clock {
  /** How often that was so. A decision during which it rose is worth nothing. */
  readonly failures: number
}

export const systemClock: SafeClock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  failures: 0,
})

export function clockFrom(option: (() => number) | Clock | undefined): SafeClock {
  if (option === undefined) return systemClock
  const given = typeof option === 'function' ? { now: option, monotonic: option } : option
  const readWall = () => given.now()
  const readMonotonic = () => given.monotonic()
  let failures = 0

  function timeOf(answer: unknown, least: number): number {
    if (typeof answer === 'number' && answer >= least && answer <= lastTime) return answer
    failures++
    return Number.NaN
  }

  return {
    now: () => timeOf(synchronousAnswer(readWall), 0),
    monotonic: () => timeOf(synchronousAnswer(readMonotonic), -lastTime),
    get failures() {
      return failures
    },
  }
}

/** ECMA-262 §21.4.1.1: the last millisecond that a date can hold. */
const lastTime = 8.64e15

/** The time of a record, which must have one: the machine's where the clock has none. */
export function recordTime(clock: Clock): number {
  const time = clock.now()
  return Number.isNaN(time) ? Date.now() : time
}
