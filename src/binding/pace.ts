/** Whether the next proof signature goes to another thread. */
export type Pace = () => boolean

/**
 * `adaptive`: the first of a turn of the event loop is verified at once, for nobody waits behind it; the others would, so
 * they are spread over the threads.
 */
export function createPace(mode: 'never' | 'adaptive' | 'always'): Pace {
  if (mode !== 'adaptive') return () => mode === 'always'
  let isFirst = true
  return function offloads() {
    if (!isFirst) return true
    isFirst = false
    setImmediate(() => {
      isFirst = true
    })
    return false
  }
}
