import { fixed } from '../options/defaults.ts'
import type { Clock } from '../types/options.ts'

/** When the keys of one issuer may be fetched again. */
export interface KeyPace {
  /** A fetch begins. */
  begin(): void
  /** Milliseconds until then; 0 or less: now. */
  remaining(): number
  succeeded(): void
  failed(): void
}

/**
 * After a success the whole cool-down, counted from where the fetch began; after a failure 0.25 s, doubled by each further
 * one. Either clock may end the wait: the monotonic one stands still while the machine is suspended.
 */
export function createKeyPace(clock: Clock, coolDownMs: number): KeyPace {
  const firstWaitMs = fixed.keyRetrySeconds * 1_000
  let since = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY }
  let waitMs = 0
  let nextWaitMs = firstWaitMs

  function begin(): void {
    since = { monotonic: clock.monotonic(), wall: clock.now() }
  }

  return {
    begin,
    // A clock that fails for a moment does not end the wait.
    remaining() {
      const elapsed = Math.max(elapsedSince(since.monotonic, clock.monotonic()), elapsedSince(since.wall, clock.now()))
      return waitMs - elapsed
    },
    succeeded() {
      waitMs = coolDownMs
      nextWaitMs = firstWaitMs
    },
    failed() {
      begin()
      waitMs = Math.min(nextWaitMs, coolDownMs)
      nextWaitMs = Math.min(nextWaitMs * 2, coolDownMs)
    },
  }
}

/** None where one of the two times is not known. */
function elapsedSince(start: number, now: number): number {
  const elapsed = now - start
  return Number.isNaN(elapsed) ? 0 : elapsed
}
