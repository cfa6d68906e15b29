/** Whether the next proof signature goes to another thread. */
export type Pace = () => boolean

/**
 * `adaptive`: what the first callback of a turn of the event loop brings is verified at once, for nobody waits behind it;
 * what later callbacks of that turn bring would wait, so it is spread over the threads. A caller that judges many requests
 * in one go gets every verdict at once.
 */
export function createPace(mode: 'never' | 'adaptive' | 'always'): Pace {
  if (mode !== 'adaptive') return () => mode === 'always'
  let isFirst = true
  let isOthersTurn = false
  return function offloads() {
    if (!isFirst) return isOthersTurn
    isFirst = false
    // Ticks run between the callbacks of a turn, when no promise goes on any more; immediates at its end.
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
