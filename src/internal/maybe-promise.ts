import { NoAnswer, noAnswerIn } from './no-answer.ts'

/** A value now, or a promise of it: the pipeline stays synchronous until something has to be awaited. */
export type MaybePromise<T> = T | Promise<T>

/** Calls `next` at once when `value` is there, else when it arrives. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/**
 * Settles a hook of the user's: a throw, a rejection or no answer within `deadlineMs` gives a {@link NoAnswer}. Thenables of
 * other promise libraries count as promises. A promise that comes back is a real one; of any other answer, `then` must not
 * be read a second time, because that may throw.
 */
export function settle<T>(call: () => MaybePromise<T>, deadlineMs: number): MaybePromise<T | NoAnswer> {
  try {
    const answer = call()
    return isThenable(answer) ? withDeadline(answer, deadlineMs) : answer
  } catch (error) {
    return noAnswerIn(error)
  }
}

function withDeadline<T>(answer: PromiseLike<T>, deadlineMs: number): Promise<T | NoAnswer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(new NoAnswer(`no answer within ${deadlineMs} ms`)), deadlineMs)
    const finish = (value: T | NoAnswer) => {
      clearTimeout(timer)
      resolve(value)
    }
    whenSettled(answer, finish, (error) => finish(noAnswerIn(error)))
  })
}

/** Calls one of the two, or both where a promise's own `then` calls back and throws. Never throws. */
export function whenSettled<T>(
  answer: PromiseLike<T>,
  onValue: (value: T) => void,
  onError: (error: unknown) => void,
): void {
  try {
    // `Promise.resolve` first, because a thenable's own `then` may throw; that of a real promise is called at once.
    Promise.resolve(answer).then(onValue, onError)
  } catch (error) {
    onError(error)
  }
}

/** A promise whose `then` was taken away is one all the same: it is no answer. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (value instanceof Promise) return true
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
