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
    // Microtasks run between the callbacks of a turn, immediates at its end.
    queueMicrotask(() => {
      isOthersTurn = true
    })
    setImmediate(() => {
      isFirst = true
      isOthersTurn = false
    })
    return false
  }
}
