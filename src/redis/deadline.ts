import { RedisFailure } from './failure.ts'

/** Set when the time is up: what was begun must not be gone on with. */
export interface Deadline {
  isOver: boolean
}

/** Rejects once the time is up. What the work gives later is dropped, an error as well. */
export function within<T>(timeoutMs: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline: Deadline = { isOver: false }
  return new Promise((resolve, reject) => {
    const expire = () => {
      deadline.isOver = true
      reject(new RedisFailure('no answer in time'))
    }
    // A process that was busy for long may have the answer in its socket: that is read before `setImmediate`.
    const timer = setTimeout(() => setImmediate(expire), timeoutMs)
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      settle()
    }
    work(deadline).then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    )
  })
}
