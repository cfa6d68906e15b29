import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import type { AuditEvent, AuditSink } from '../types/audit.ts'
import { hasRoom, isProven } from './queue.ts'
import type { SinkWriter } from './sinks.ts'

/** Awaited: an event that cannot be written within the deadline refuses the request, and so does one too many under way. */
export function createRequiredWriter(sink: AuditSink, hookTimeoutMs: number): SinkWriter<MaybePromise<boolean>> {
  let failed = 0
  let pending = 0
  let unproven = 0
  let hasEnded = false
  let whenDrained: (() => void)[] = []

  function write(event: AuditEvent): MaybePromise<boolean> {
    if (hasEnded || !hasRoom(pending, unproven, event)) {
      failed++
      return false
    }
    pending++
    if (!isProven(event)) unproven++
    return andThen(
      settle<unknown, typeof lost>(() => hand(event), lost, hookTimeoutMs),
      (answer) => finish(event, answer !== lost),
    )
  }

  function hand(event: AuditEvent): void | Promise<void> {
    return sink.writeRequired === undefined ? sink.write(event) : sink.writeRequired(event)
  }

  function finish(event: AuditEvent, isWritten: boolean): boolean {
    pending--
    if (!isProven(event)) unproven--
    if (!isWritten) failed++
    if (pending === 0) {
      for (const resolve of whenDrained) resolve()
      whenDrained = []
    }
    return isWritten
  }

  return {
    write,
    get counts() {
      return { dropped: 0, failed, pending }
    },
    drained: () => (pending > 0 ? new Promise<void>((resolve) => whenDrained.push(resolve)) : Promise.resolve()),
    end() {
      hasEnded = true
    },
  }
}

const lost = Symbol('lost')
