import { LRUCache } from 'lru-cache'
import { recordTime } from '../internal/clock.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import type { NoAnswer } from '../internal/no-answer.ts'
import type { SinkPolicy } from '../options/audit.ts'
import { fixed } from '../options/defaults.ts'
import type { Policy } from '../options/policy.ts'
import type { AuditEvent, AuditSink } from '../types/audit.ts'
import type { Health } from '../types/verifier.ts'
import { createQueuedWriter } from './queued-writer.ts'
import { createRequiredWriter } from './required-writer.ts'

/** Whether an event was written; else why a required sink did not take it. */
export type Recorded = true | NoAnswer

/** Writes to one sink. */
export interface SinkWriter<Written> {
  write(event: AuditEvent): Written
  readonly counts: Health['audit']
  /** Resolves when nothing waits or is under way. */
  drained(): Promise<void>
  /** What still waits is dropped, and so is every later event. */
  end(): void
}

/** All sinks of one verifier. */
export interface AuditSinks {
  readonly areThere: boolean
  /** Where a required sink did not take it, the others have not got it. */
  write(event: AuditEvent): MaybePromise<Recorded>
  readonly counts: Health['audit']
  close(timeoutMs: number): Promise<void>
}

export function createAuditSinks({ audit, clock, hookTimeoutMs }: Policy): AuditSinks {
  const required = audit.filter(isRequired).map(({ sink }) => createRequiredWriter(sink, hookTimeoutMs))
  const queued = audit
    .filter((setting) => !isRequired(setting))
    .map(({ sink }) => createQueuedWriter(sink, hookTimeoutMs, () => recordTime(clock)))
  const writers = [...required, ...queued]
  /**
   * By request: required sinks that hold an event which another one failed to take. The refusal follows at once; only one
   * about a context of unknown origin has another request id, so the table is bounded.
   */
  const misled = new LRUCache<string, readonly (typeof required)[number][]>({ max: fixed.misledRequests })
  let closing: Promise<void> | undefined

  function write(event: AuditEvent): MaybePromise<Recorded> {
    if (event.code === 'audit_unavailable') return correct(event)
    if (required.length === 0) return writeQueued(event)
    return andThen(writeRequired(event), (recorded) => (recorded === true ? writeQueued(event) : recorded))
  }

  function writeRequired(event: AuditEvent): MaybePromise<Recorded> {
    const answers = required.map((writer) => writer.write(event))
    if (answers.every((answer): answer is Recorded => !(answer instanceof Promise))) return judgeAnswers(event, answers)
    return Promise.all(answers).then((late) => judgeAnswers(event, late))
  }

  function judgeAnswers({ requestId }: AuditEvent, answers: readonly Recorded[]): Recorded {
    const failure = answers.find((answer) => answer !== true)
    if (failure === undefined) return true
    misled.set(
      requestId,
      required.filter((_, at) => answers[at] === true),
    )
    return failure
  }

  /** The refusal also goes to the required sinks that took the event before it; the one that failed is not asked again. */
  function correct(event: AuditEvent): true {
    for (const writer of misled.get(event.requestId) ?? []) void writer.write(event)
    misled.delete(event.requestId)
    return writeQueued(event)
  }

  function writeQueued(event: AuditEvent): true {
    for (const writer of queued) writer.write(event)
    return true
  }

  /** The sinks are closed also where the time is up before the queues are empty. */
  async function end(timeoutMs: number): Promise<void> {
    if (writers.length === 0) return
    let timer: NodeJS.Timeout | undefined
    const timeIsUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([Promise.all(writers.map((writer) => writer.drained())), timeIsUp])
    for (const writer of writers) writer.end()
    const sinks = new Set(audit.map(({ sink }) => sink))
    await Promise.race([Promise.all([...sinks].map(closeSink)), timeIsUp])
    clearTimeout(timer)
  }

  return {
    areThere: writers.length > 0,
    write,
    get counts() {
      const sum = { dropped: 0, failed: 0, pending: 0 }
      for (const { counts } of writers) {
        sum.dropped += counts.dropped
        sum.failed += counts.failed
        sum.pending += counts.pending
      }
      return sum
    },
    close(timeoutMs) {
      closing ??= end(timeoutMs)
      return closing
    },
  }
}

const isRequired = ({ required }: SinkPolicy) => required

async function closeSink(sink: AuditSink): Promise<void> {
  try {
    await sink.close?.()
  } catch {
    // The process is about to end: nothing can be done about a sink that does not close.
  }
}
