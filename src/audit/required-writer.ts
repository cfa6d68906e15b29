import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { NoAnswer } from '../internal/no-answer.ts'
import type { AuditEvent, AuditSink } from '../types/audit.ts'
import { hasRoom, isProven } from './queue.ts'
import type { Recorded, SinkWriter } from './sinks.ts'

/** Awaited: an event that cannot be written within the deadline refuses the request, and so does one too many under way. */
export function createRequiredWriter(sink: AuditSink, hookTimeoutMs: number): SinkWriter<MaybePromise<Recorded>> {
  let failed = 0
  let pending = 0
  let unproven = 0
  let hasEnded = false
  let whenDrained: (() => void)[] = []

  function write(event: AuditEvent): MaybePromise<Recorded> {
    if (hasEnded || !hasRoom(pending, unproven, event)) {
      failed++
      return hasEnded ? closed : full
    }
    pending++
    if (!isProven(event)) unproven++
    return andThen(
      settle<unknown>(() => hand(event), hookTimeoutMs),
      (answer) => finish(event, answer instanceof NoAnswer ? answer : true),
    )
  }

  function hand(event: AuditEvent): void | Promise<void> {
    return sink.writeRequired === undefined ? sink.write(event) : sink.writeRequired(event)
  }

  function finish(event: AuditEvent, recorded: Recorded): Recorded {
    pending--
    if (!isProven(event)) unproven--
    if (recorded !== true) failed++
    if (pending === 0) {
      for (const resolve of whenDrained) resolve()
      whenDrained = []
    }
    return recorded
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

const closed = new NoAnswer('the verifier is closed')
const full = new NoAnswer('too many events are under way')
