import type { Clock } from '../types/options.ts'

/** One call in the half-open state is a probe. */
export type BreakerCall = 'call' | 'probe'

/** Stops asking a server that does not answer. */
export interface Breaker {
  readonly state: 'ready' | 'open' | 'probing'
  /** Undefined: the server must not be asked now. */
  admit(): BreakerCall | undefined
  report(call: BreakerCall, isAnswered: boolean): void
}

export function createBreaker({ failures, openMs }: { failures: number; openMs: number }, clock: Clock): Breaker {
  let state: Breaker['state'] = 'ready'
  let failuresInRow = 0
  let openUntil = 0

  function open(): void {
    state = 'open'
    openUntil = clock.monotonic() + openMs
  }

  return {
    get state() {
      return state
    },
    admit() {
      if (state === 'ready') return 'call'
      if (state === 'probing' || !(clock.monotonic() >= openUntil)) return undefined
      state = 'probing'
      return 'probe'
    },
    report(call, isAnswered) {
      if (call === 'probe') {
        failuresInRow = 0
        if (isAnswered) state = 'ready'
        else open()
        return
      }
      // What was asked before it opened says nothing about now.
      if (state !== 'ready') return
      failuresInRow = isAnswered ? 0 : failuresInRow + 1
      if (failuresInRow >= failures) open()
    },
  }
}
