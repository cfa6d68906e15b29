import { performance } from 'node:perf_hooks'
import type { Clock } from '../types/options.ts'

export const systemClock: Clock = Object.freeze({ now: () => Date.now(), monotonic: () => performance.now() })

export function clockFrom(option: (() => number) | Clock | undefined): Clock {
  if (option === undefined) return systemClock
  if (typeof option === 'function') return { now: option, monotonic: option }
  return { now: () => option.now(), monotonic: () => option.monotonic() }
}
