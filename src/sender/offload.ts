import { fixed } from '../options/defaults.ts'

/** Decides which proof signatures go to another thread, and counts those that wait there. */
export interface Offload {
  /** Whether the next signature goes to a thread. Never while 64 wait: then it is verified at once. */
  applies(): boolean
  /** Counts a signature as waiting until its promise settles. */
  track(pending: Promise<boolean>): Promise<boolean>
}

export function createOffload(mode: 'never' | 'adaptive' | 'always'): Offload {
  const isWanted = mode === 'adaptive' ? createAdaptiveRule() : () => mode === 'always'
  let waiting = 0
  const settled = (isGood: boolean) => {
    waiting--
    return isGood
  }
  return {
    applies: () => isWanted() && waiting < fixed.pendingSignatures,
    track(pending) {
      waiting++
      return pending.then(settled)
    },
  }
}

/**
 * Signatures of the first callback in an event-loop turn are verified synchronously; later ones go to the thread pool. So a
 * caller that judges many requests in one go gets every verdict at once.
 */
function createAdaptiveRule(): () => boolean {
  let isFirst = true
  let isOthersTurn = false
  return function isWanted() {
    if (!isFirst) return isOthersTurn
    isFirst = false
    // Ticks run between the callbacks of a turn, when no promise continues any more; immediates at its end.
    process.nextTick(() => {
      isOthersTurn = true
    })
    setImmediate(() => {
      isFirst = true
      isOthersTurn = false
    })
    return false
  }
}
