import { andThen, isThenable, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { fixed } from '../options/defaults.ts'
import type { AuditEvent, AuditSink } from '../types/audit.ts'
import type { Health } from '../types/verifier.ts'

/** Where events go. */
export interface SinkWriter {
  /** False: the event could not be recorded and must be. */
  write(event: AuditEvent): MaybePromise<boolean>
  readonly counts: Health['audit']
}

/**
 * Fire and count: each event is handed over at once while the sink is idle, else waits its turn in a bounded queue; what
 * does not fit is dropped and counted, what fails is counted. Never delays or changes a decision.
 */
export function createQueuedWriter(sink: AuditSink): SinkWriter {
  const queue: AuditEvent[] = []
  let isBusy = false
  let dropped = 0
  let failed = 0

  function write(event: AuditEvent): boolean {
    if (!isBusy) hand(event)
    else if (queue.length < fixed.pendingAuditEvents) queue.push(event)
    else dropped++
    return true
  }

  function hand(event: AuditEvent): void {
    try {
      const written = sink.write(event)
      if (!isThenable(written)) return
      isBusy = true
      // Adopted first: a thenable's own `then` may throw.
      Promise.resolve(written).then(next, fail)
    } catch {
      failed++
    }
  }

  function fail(): void {
    failed++
    next()
  }

  function next(): void {
    isBusy = false
    while (!isBusy) {
      const event = queue.shift()
      if (event === undefined) return
      hand(event)
    }
  }

  return {
    write,
    get counts() {
      return { dropped, failed, pending: queue.length + (isBusy ? 1 : 0) }
    },
  }
}

/** Awaited: an event that cannot be written within the deadline refuses the request. */
export function createRequiredWriter(sink: AuditSink): SinkWriter {
  let failed = 0
  let pending = 0

  function write(event: AuditEvent): MaybePromise<boolean> {
    pending++
    return andThen(
      settle<unknown, typeof lost>(() => sink.write(event), lost),
      (answer) => {
        pending--
        if (answer === lost) failed++
        return answer !== lost
      },
    )
  }

  return {
    write,
    get counts() {
      return { dropped: 0, failed, pending }
    },
  }
}

const lost = Symbol('lost')
