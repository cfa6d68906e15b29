import type { AuditEvent, AuditRecord, Verifier } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createKit, type Kit, url } from '../../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Writes one record at a time, each for as long as the test says. */
function slowSink(): { readonly written: AuditRecord[]; write(record: AuditRecord): Promise<void>; release(): void } {
  const written: AuditRecord[] = []
  let resolveAll: (() => void)[] = []
  let isOpen = false
  return {
    written,
    write(record) {
      written.push(record)
      return isOpen ? Promise.resolve() : new Promise((resolve) => resolveAll.push(resolve))
    },
    release() {
      isOpen = true
      for (const resolve of resolveAll) resolve()
      resolveAll = []
    },
  }
}

const anonymous = requestView({ url })
const flood = (verifier: Verifier, times: number) => {
  for (let round = 0; round < times; round++) void verifier.checkNow(anonymous)
}
const eventsIn = (records: readonly AuditRecord[]) =>
  records.filter((record): record is AuditEvent => 'phase' in record)
const dropsIn = (records: readonly AuditRecord[]) => records.filter((record) => 'dropped' in record)

describe('what waits for a slow sink', () => {
  test('Audit: events without a good signature have half of the queue, and what does not fit is counted', () => {
    const verifier = kit.verifierWith({ audit: slowSink() })
    flood(verifier, 5_001)
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 0, pending: 5_001 })
    flood(verifier, 5)
    expect(verifier.health().audit).toEqual({ dropped: 5, failed: 0, pending: 5_001 })
  })

  test('Audit: a flood of anonymous requests pushes out no event of an admitted one', async () => {
    const sink = slowSink()
    const verifier = kit.verifierWith({ audit: sink })
    flood(verifier, 20_000)
    const view = await kit.request()
    const context = await verifier.verify(view)
    await verifier.authorize(context, { scopes: ['a'] }, view)
    flood(verifier, 20_000)
    sink.release()
    await vi.waitFor(() => expect(verifier.health().audit.pending).toBe(0))
    const proven = eventsIn(sink.written).filter(({ principal }) => principal !== null)
    expect(proven.map(({ phase, code }) => [phase, code])).toEqual([
      ['authentication', null],
      ['access', 'scope_missing'],
    ])
  })

  test('Audit: the whole queue is free for events with a good signature', async () => {
    const sink = slowSink()
    const verifier = kit.verifierWith({ audit: sink })
    const context = await verifier.verify(await kit.request())
    for (let round = 0; round < 10_000; round++) void verifier.authorizeNow(context, {})
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 0, pending: 10_001 })
    void verifier.authorizeNow(context, {})
    flood(verifier, 1)
    expect(verifier.health().audit).toEqual({ dropped: 2, failed: 0, pending: 10_001 })
  })

  test('Audit: one record says how many were dropped, in their place, and the next flood has its own', async () => {
    const sink = slowSink()
    const verifier = kit.verifierWith({ audit: sink })
    flood(verifier, 5_001 + 7)
    await verifier.check(await kit.request())
    sink.release()
    await vi.waitFor(() => expect(verifier.health().audit.pending).toBe(0))
    expect(sink.written).toHaveLength(5_001 + 2)
    expect(sink.written[5_001]).toEqual({
      version: 1,
      id: expect.stringMatching(/^[\w-]{20,}$/),
      time: kit.clock.now(),
      dropped: 7,
    })
    expect(sink.written[5_002]).toMatchObject({ phase: 'authentication', code: null })
    flood(verifier, 3)
    await vi.waitFor(() => expect(verifier.health().audit.pending).toBe(0))
    expect(dropsIn(sink.written)).toHaveLength(1)
    expect(verifier.health().audit.dropped).toBe(7)
  })
})

describe('a write that never settles', () => {
  test('Audit: it is given up after hookTimeoutMs, and the audit goes on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const written: AuditRecord[] = []
    const write = (record: AuditRecord) => {
      written.push(record)
      return written.length === 1 ? new Promise<void>(() => {}) : undefined
    }
    const verifier = kit.verifierWith({ audit: write, hookTimeoutMs: 20 })
    flood(verifier, 3)
    await vi.advanceTimersByTimeAsync(19)
    expect([written.length, verifier.health().audit]).toEqual([1, { dropped: 0, failed: 0, pending: 3 }])
    await vi.advanceTimersByTimeAsync(1)
    expect([written.length, verifier.health().audit]).toEqual([3, { dropped: 0, failed: 1, pending: 0 }])
    const timers = vi.getTimerCount()
    flood(verifier, 1)
    expect(written).toHaveLength(4)
    expect(vi.getTimerCount()).toBe(timers)
  })

  test('Audit: an answer after the deadline neither counts twice nor writes out of turn', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answers: (() => void)[] = []
    const verifier = kit.verifierWith({ audit: () => new Promise<void>((resolve) => answers.push(resolve)) })
    flood(verifier, 3)
    await vi.advanceTimersByTimeAsync(1_000)
    answers[0]?.()
    await vi.advanceTimersByTimeAsync(0)
    expect([answers.length, verifier.health().audit]).toEqual([2, { dropped: 0, failed: 1, pending: 2 }])
  })
})

describe('an idle sink', () => {
  test('Audit: it is called within the deciding call, and one that answers at once is never queued', () => {
    const codes: unknown[] = []
    const verifier = kit.verifierWith({ audit: (record) => void codes.push('code' in record && record.code) })
    for (let round = 1; round <= 3; round++) {
      verifier.checkNow(anonymous)
      expect([codes.length, verifier.health().audit.pending]).toEqual([round, 0])
    }
  })

  test('Audit: functions and objects are mixed, required ones among them', async () => {
    const heard: string[] = []
    class Log {
      readonly name = 'object'
      write(): void {
        heard.push(this.name)
      }
    }
    const required = { sink: async () => void heard.push('required'), required: true } as const
    const verifier = kit.verifierWith({
      audit: [new Log(), () => void heard.push('function'), required, { sink: new Log() }],
    })
    await verifier.check(anonymous)
    expect(heard).toEqual(['required', 'object', 'function', 'object'])
  })

  test('Audit: what a required sink failed to take reaches the others as the refusal it became', async () => {
    const heard: AuditEvent[] = []
    const failing = { sink: () => Promise.reject(new Error('in the sink')), required: true } as const
    const verifier = kit.verifierWith({ audit: [{ write: (event: AuditEvent) => void heard.push(event) }, failing] })
    const verdict = await verifier.check(await kit.request())
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'audit_unavailable' } })
    expect(heard).toMatchObject([{ decision: 'refused', code: 'audit_unavailable', status: 503 }])
  })
})

describe('a required sink that hangs', () => {
  test('Audit: what it has under way is bounded, with half of it kept for good signatures', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const verifier = kit.verifierWith({ audit: { sink: () => new Promise<void>(() => {}), required: true } })
    flood(verifier, 5_000)
    expect(verifier.checkNow(anonymous)).toMatchObject({ ok: false, refusal: { code: 'audit_unavailable' } })
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 1, pending: 5_000 })
    const pending = verifier.check(await kit.request())
    expect(verifier.health().audit.pending).toBe(5_001)
    vi.advanceTimersByTime(1_000)
    expect(await pending).toMatchObject({ ok: false, refusal: { code: 'audit_unavailable' } })
    expect(verifier.health().audit.pending).toBe(0)
  })
})

describe('close', () => {
  test('Audit: it writes what waits, then closes each sink once', async () => {
    const order: string[] = []
    const sink = {
      async write() {
        await Promise.resolve()
        order.push('written')
      },
      async close() {
        order.push('closed')
      },
    }
    const verifier = kit.verifierWith({ audit: [sink, { sink }] })
    flood(verifier, 2)
    await Promise.all([verifier.close(), verifier.close()])
    expect(order).toEqual(['written', 'written', 'written', 'written', 'closed'])
  })

  test('Audit: it ends when the time is up, closes the sinks and counts what was left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const close = vi.fn(() => new Promise<void>(() => {}))
    const write = () => new Promise<void>(() => {})
    const verifier = kit.verifierWith({ audit: { write, close }, hookTimeoutMs: 60_000 })
    flood(verifier, 4)
    const closed = verifier.close({ timeoutMs: 50 })
    await vi.advanceTimersByTimeAsync(49)
    expect(close).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await closed
    expect(close).toHaveBeenCalledTimes(1)
    expect(verifier.health().audit.dropped).toBe(3)
  })

  test('Audit: a sink that fails to close does not make it reject', async () => {
    const close = () => {
      throw new Error('in the sink')
    }
    await expect(kit.verifierWith({ audit: { write() {}, close } }).close()).resolves.toBeUndefined()
  })

  test('Audit: later events are dropped and counted, and a required sink refuses them', async () => {
    const plain = kit.verifierWith({ audit: () => {} })
    await plain.close()
    expect(await plain.check(await kit.request())).toMatchObject({ ok: true })
    expect(plain.health().audit).toEqual({ dropped: 1, failed: 0, pending: 0 })
    const strict = kit.verifierWith({ audit: { sink: () => {}, required: true } })
    await strict.close()
    expect(await strict.check(await kit.request())).toMatchObject({ refusal: { code: 'audit_unavailable' } })
  })

  test('Options: a wrong timeoutMs rejects', async () => {
    const verifier: { close(options: unknown): Promise<void> } = kit.verifierWith()
    for (const options of [{ timeoutMs: -1 }, { timeoutMs: '1' }, { timeout: 1 }, 5]) {
      await expect(verifier.close(options)).rejects.toMatchObject({ name: 'OptionsError' })
    }
  })
})

test('AUD-02: of two required sinks, the one that took an admission also hears that it became a refusal', async () => {
  const taken: (string | null)[] = []
  const verifier = kit.verifierWith({
    audit: [
      { sink: (record) => void ('code' in record && taken.push(record.code)), required: true },
      { sink: () => Promise.reject(new Error('full')), required: true },
    ],
  })
  expect(await kit.code({ verifier })).toBe('audit_unavailable')
  expect(taken).toEqual([null, 'audit_unavailable'])
})
