import { fixed } from '../options/defaults.ts'
import type { Clock } from '../types/options.ts'

/**
 * Tells a flood of forged signatures by their number, and the connections it does not come from by their last signature. A
 * key or a token is never suspected: anyone can send a forged proof of a key they do not hold, and its owner must not suffer.
 */
export interface FloodWatch {
  /** During a flood, true for a connection whose last signature was not good, or that has shown none. */
  suspects(connection: object | undefined): boolean
  /** Remembers the result, and returns it. */
  note(connection: object | undefined, isGood: boolean): boolean
}

export function createFloodWatch(clock: Clock): FloodWatch {
  const good = new WeakSet<object>()
  let failures = 0
  let since = Number.NEGATIVE_INFINITY

  function isFlooded(): boolean {
    return failures >= fixed.floodFailures && clock.monotonic() - since < fixed.floodMemoryMs
  }

  return {
    suspects: (connection) => isFlooded() && connection !== undefined && !good.has(connection),
    note(connection, isGood) {
      if (isGood) {
        if (connection !== undefined) good.add(connection)
        return true
      }
      if (connection !== undefined) good.delete(connection)
      const now = clock.monotonic()
      if (now - since >= fixed.floodMemoryMs) failures = 0
      failures++
      // The latest of the flood counts, so that it is over one span after its end.
      since = now
      return false
    },
  }
}
