import { vi } from 'vitest'

/** Deadlines pass at once, but only after everything that waits for no timer has been done. */
export function fakeDeadlines(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
}

/** The value of a promise, with timers moved on while it is pending. A rejection is passed on. */
export async function patiently<T>(promise: Promise<T>, seconds = 20): Promise<T> {
  let isPending = true
  const settle = () => {
    isPending = false
  }
  promise.then(settle, settle)
  for (let round = 0; isPending && round <= seconds; round++) {
    for (let turn = 0; isPending && turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (isPending && round < seconds) await vi.advanceTimersByTimeAsync(1_000)
  }
  if (isPending) throw new Error(`It is still pending after ${seconds} s.`)
  return promise
}
