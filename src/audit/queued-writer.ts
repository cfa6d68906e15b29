import { randomUUID } from 'node:crypto'
import { isThenable, whenSettled } from '../internal/maybe-promise.ts'
import type { AuditEvent, AuditRecord, AuditSink } from '../types/audit.ts'
import { AuditQueue } from './queue.ts'
import type { SinkWriter } from './sinks.ts'

/**
 * Fire and count: each event is handed over at once while the sink is idle, else waits its turn in a bounded queue; what
 * does not fit is dropped and counted, what fails is counted. Never delays or changes a decision.
 */
export function createQueuedWriter(sink: AuditSink, hookTimeoutMs: number, now: () => number): SinkWriter<void> {
  const queue = new AuditQueue()
  let isBusy = false
  let hasEnded = false
  let dropped = 0
  let failed = 0
  let whenDrained: (() => void)[] = []

  function write(event: AuditEvent): void {
    if (hasEnded) dropped++
    else if (!isBusy) hand(event)
    else if (!queue.add(event)) dropped++
  }

  function hand(record: AuditRecord): void {
    try {
      const written = sink.write(record)
      if (isThenable(written)) wait(written)
    } catch {
      failed++
    }
  }

  /** A write that never settles is given up, so that it does not end the audit. */
  function wait(written: PromiseLike<void>): void {
    isBusy = true
    let isSettled = false
    const finish = (isGood: boolean) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      if (!isGood) failed++
      goOn()
    }
    const timer = setTimeout(finish, hookTimeoutMs, false).unref()
    whenSettled(
      written,
      () => finish(true),
      () => finish(false),
    )
  }

  function goOn(): void {
    isBusy = false
    while (!isBusy) {
      const next = hasEnded ? undefined : queue.take()
      if (next === undefined) break
      hand(typeof next === 'number' ? { version: 1, id: randomUUID(), time: now(), dropped: next } : next)
    }
    if (isBusy) return
    for (const resolve of whenDrained) resolve()
    whenDrained = []
  }

  return {
    write,
    get counts() {
      return { dropped, failed, pending: (hasEnded ? 0 : queue.length) + (isBusy ? 1 : 0) }
    },
    drained: () => (isBusy ? new Promise<void>((resolve) => whenDrained.push(resolve)) : Promise.resolve()),
    end() {
      if (!hasEnded) dropped += queue.length
      hasEnded = true
    },
  }
}
