import type { AuditEvent } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { memorySink } from '../../support/audit.ts'
import { createKit, type Kit, url } from '../../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Each way in which a foreign hook can fail to answer. */
const failures: readonly (readonly [how: string, write: () => void | Promise<void>])[] = [
  [
    'throws',
    () => {
      throw new Error('in the sink')
    },
  ],
  ['rejects', () => Promise.reject(new Error('in the sink'))],
]
const hang = () => new Promise<void>(() => {})

describe('a plain sink', () => {
  test('Audit: several sinks get the same event', async () => {
    const sinks = [memorySink(), memorySink()]
    await kit.verifierWith({ audit: sinks }).check(await kit.request())
    expect(sinks[0]?.events).toHaveLength(1)
    expect(sinks[0]?.events).toEqual(sinks[1]?.events)
  })

  test.each([...failures, ['hangs', hang] as const])(
    'P41: one that %s changes no decision and no other sink',
    async (_how, write) => {
      const good = memorySink()
      const verifier = kit.verifierWith({ audit: [{ write }, good] })
      for (let round = 0; round < 3; round++)
        expect(await verifier.check(await kit.request())).toMatchObject({ ok: true })
      expect(good.events).toHaveLength(3)
    },
  )

  test.each(failures)('Audit: one that %s is counted', async (_how, write) => {
    const verifier = kit.verifierWith({ audit: { write } })
    for (let round = 0; round < 3; round++) await verifier.check(await kit.request())
    await vi.waitFor(() => expect(verifier.health().audit).toEqual({ dropped: 0, failed: 3, pending: 0 }))
  })

  test('Audit: however slow it is, the warm verdict is there at once', async () => {
    const verifier = kit.verifierWith({ audit: [{ write: hang }, { write: async () => {} }] })
    const token = await kit.issuer.token({ agent: kit.agent })
    await verifier.check(await kit.request({ token }))
    expect(verifier.checkNow(await kit.request({ token }))).not.toBeInstanceOf(Promise)
  })

  test('Audit: a slow sink gets every event once, in order, one at a time', async () => {
    const written: AuditEvent[] = []
    let underWay = 0
    let most = 0
    const write = async (event: AuditEvent) => {
      underWay++
      most = Math.max(most, underWay)
      await Promise.resolve()
      written.push(event)
      underWay--
      if (written.length === 2) throw new Error('once')
    }
    const verifier = kit.verifierWith({ audit: { write } })
    const methods = ['GET', 'PUT', 'POST', 'HEAD', 'LIST']
    for (const method of methods) verifier.checkNow(requestView({ url, method }))
    await vi.waitFor(() => expect(verifier.health().audit.pending).toBe(0))
    expect(written.map(({ request }) => request.method)).toEqual(methods)
    expect([most, verifier.health().audit.failed]).toEqual([1, 1])
  })

  test('Audit: a sink keeps its own this', async () => {
    class Log {
      readonly lines: string[] = []
      write({ code }: AuditEvent): void {
        this.lines.push(String(code))
      }
    }
    const log = new Log()
    await kit.verifierWith({ audit: log }).check(requestView({ url }))
    expect(log.lines).toEqual(['credentials_missing'])
  })
})

describe('a required sink', () => {
  const unavailable = { ok: false, refusal: { code: 'audit_unavailable', status: 503, error: null } }
  const requiring = (write: (event: AuditEvent) => void | Promise<void>) =>
    kit.verifierWith({ audit: { sink: { write }, required: true } })

  test.each(failures)('Audit: when it %s nobody is admitted', async (_how, write) => {
    const verifier = requiring(write)
    const verdict = await verifier.check(await kit.request())
    expect(verdict).toMatchObject(unavailable)
    const headers = verdict.ok ? [] : verdict.refusal.headers
    expect(headers.map(([name]) => name)).toContain('Retry-After')
    expect(headers.map(([name]) => name)).not.toContain('WWW-Authenticate')
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 1, pending: 0 })
  })

  test('Audit: when it hangs the request is refused after a deadline', async () => {
    const verifier = requiring(hang)
    const view = await kit.request()
    vi.useFakeTimers()
    const judged = verifier.check(view)
    await vi.advanceTimersByTimeAsync(999)
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 0, pending: 1 })
    await vi.advanceTimersByTimeAsync(1)
    expect(await judged).toMatchObject(unavailable)
    expect(verifier.health().audit).toEqual({ dropped: 0, failed: 1, pending: 0 })
  })

  test.each(failures)('Audit: when it %s no requirement is met either', async (_how, fail) => {
    let isDown = false
    const verifier = requiring(() => (isDown ? fail() : undefined))
    const context = await verifier.verify(await kit.request())
    isDown = true
    expect(await verifier.authorize(context, {})).toMatchObject(unavailable)
    expect(await verifier.authorize(context, { scopes: ['a'] })).toMatchObject(unavailable)
  })

  test('Audit: it is asked once for each decision, also a refusal', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: { sink, required: true } })
    await verifier.check(requestView({ url }))
    const view = await kit.request()
    await verifier.authorize(await verifier.verify(view), {}, view)
    expect(sink.events.map(({ phase, code }) => [phase, code])).toEqual([
      ['authentication', 'credentials_missing'],
      ['authentication', null],
      ['access', null],
    ])
  })

  test('Audit: awaiting it is what makes a warm verdict a promise', async () => {
    const verifier = requiring(async () => {})
    const token = await kit.issuer.token({ agent: kit.agent })
    await verifier.check(await kit.request({ token }))
    const verdict = verifier.checkNow(await kit.request({ token }))
    expect(verdict).toBeInstanceOf(Promise)
    expect(await verdict).toMatchObject({ ok: true })
  })

  test('Audit: nobody is admitted before it has written', async () => {
    const order: string[] = []
    const verifier = requiring(async () => {
      await Promise.resolve()
      order.push('written')
    })
    await verifier.check(await kit.request())
    order.push('admitted')
    expect(order).toEqual(['written', 'admitted'])
  })
})
