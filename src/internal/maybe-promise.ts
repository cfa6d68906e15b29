/** A value now, or a promise of it: the pipeline stays synchronous until somebody really has to wait. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on with `next` at once when `value` is there, else when it arrives. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

const deadlineMs = 5_000

/**
 * Settles a hook that belongs to somebody else: a throw, a rejection or five seconds of silence give `fallback`.
 * Thenables of other promise libraries count as promises.
 */
export function settle<T, F>(call: () => MaybePromise<T>, fallback: F): MaybePromise<T | F> {
  try {
    const answer = call()
    return isThenable(answer) ? withDeadline(answer, fallback) : answer
  } catch {
    return fallback
  }
}

function withDeadline<T, F>(answer: PromiseLike<T>, fallback: F): Promise<T | F> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, deadlineMs, fallback)
    const finish = (value: T | F) => {
      clearTimeout(timer)
      resolve(value)
    }
    // Adopted first: a thenable's own `then` may throw.
    Promise.resolve(answer).then(finish, () => finish(fallback))
  })
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function'
}

/** For hooks that must answer at once: only `true` is yes. A promise is no, and its rejection is nobody's concern. */
export function isTrue(call: () => unknown): boolean {
  return answerOf(call) === true
}

/** What a synchronous hook answers; undefined for a throw or a promise. */
export function answerOf<T>(call: () => T): T | undefined {
  try {
    const answer = call()
    if (!isThenable(answer)) return answer
    Promise.resolve(answer).catch(() => {})
  } catch {
    // The same as no answer.
  }
  return undefined
}
