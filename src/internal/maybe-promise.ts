/** A value now, or a promise of it: the pipeline stays synchronous until something has to be awaited. */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` at once when `value` is there, else when it arrives. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/**
 * Settles a hook of the user's: a throw, a rejection or no answer within `deadlineMs` gives `fallback`. Thenables of other
 * promise libraries count as promises.
 */
export function settle<T, F>(call: () => MaybePromise<T>, fallback: F, deadlineMs: number): MaybePromise<T | F> {
  try {
    const answer = call()
    return isThenable(answer) ? withDeadline(answer, fallback, deadlineMs) : answer
  } catch {
    return fallback
  }
}

function withDeadline<T, F>(answer: PromiseLike<T>, fallback: F, deadlineMs: number): Promise<T | F> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, deadlineMs, fallback)
    const finish = (value: T | F) => {
      clearTimeout(timer)
      resolve(value)
    }
    // `Promise.resolve` first, because a thenable's own `then` may throw.
    Promise.resolve(answer).then(finish, () => finish(fallback))
  })
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function'
}

/** What a synchronous rule answers; undefined for anything but true and false. A promise's rejection is swallowed. */
export function synchronousBoolean(call: () => unknown): boolean | undefined {
  const answer = synchronousAnswer(call)
  return typeof answer === 'boolean' ? answer : undefined
}

/** What a synchronous hook answers; undefined for a throw or a promise. */
export function synchronousAnswer<T>(call: () => T): T | undefined {
  try {
    const answer = call()
    if (!isThenable(answer)) return answer
    Promise.resolve(answer).catch(() => {})
  } catch {
    // An exception counts as no answer.
  }
  return undefined
}
