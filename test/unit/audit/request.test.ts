import { channel } from 'node:diagnostics_channel'
import type { AgentContext, AuditEvent, RequestView } from 'onbehalf'
import { requestView } from 'onbehalf/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { memorySink } from '../../support/audit.ts'
import { createKit, type Kit, url } from '../../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

async function eventFor(view: RequestView): Promise<AuditEvent> {
  const sink = memorySink()
  await kit.verifierWith({ audit: sink }).check(view)
  const [event] = sink.events
  if (event === undefined) throw new Error('an event')
  return event
}

describe('ids that others gave', () => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const parent = '00f067aa0ba902b7'

  test.each<[traceparent: string | readonly string[], traceId: string | null]>([
    [`00-${id}-${parent}-01`, id],
    [`01-${id}-${parent}-01-later`, id],
    [`00-${id}-${parent}-01-later`, null],
    [`ff-${id}-${parent}-01`, null],
    [`00-${'0'.repeat(32)}-${parent}-01`, null],
    [`00-${id}-${'0'.repeat(16)}-01`, null],
    [`00-${id.toUpperCase()}-${parent}-01`, null],
    [`00-${id}-${parent}`, null],
    ['', null],
    [[`00-${id}-${parent}-01`, `00-${id}-${parent}-01`], null],
  ])('Audit: of traceparent %s the trace id is %s', async (traceparent, traceId) => {
    expect((await eventFor(requestView({ url, headers: { traceparent } }))).traceId).toBe(traceId)
  })

  test.each<[requestId: string | readonly string[], correlationId: string | null]>([
    ['f3-A.b_9', 'f3-A.b_9'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), null],
    ['', null],
    ['a b', null],
    ['a\u0000', null],
    ['{"a":1}', null],
    [['a', 'b'], null],
  ])('Audit: of X-Request-Id %j the correlation id is %j', async (requestId, correlationId) => {
    const headers = { 'x-request-id': requestId }
    expect((await eventFor(requestView({ url, headers }))).correlationId).toBe(correlationId)
  })
})

describe('the request', () => {
  const good = requestView({ url })

  test.each([
    ['/tools?token=secret', '/tools'],
    ['/tools#part', '/tools'],
    ['http://user:secret@api.example.test/tools?a=b', '/tools'],
    ['*', '*'],
    ['', ''],
    [`/${'x'.repeat(600)}`, `/${'x'.repeat(511)}`],
  ])('Audit: of the target %s the path is recorded, bounded and without query', async (target, path) => {
    expect((await eventFor({ ...good, target })).request.path).toBe(path)
  })

  test('Audit: method, address of the socket and route are those of the view', async () => {
    const view = { ...good, method: 'DELETE', route: '/tools/:id', peer: { address: '192.0.2.7' } }
    expect((await eventFor(view)).request).toEqual({
      method: 'DELETE',
      path: '/tools',
      route: '/tools/:id',
      operation: null,
      address: '192.0.2.7',
    })
  })

  test('Audit: the route of an access event is the one chosen by then', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    let route: string | undefined
    const request = await kit.request()
    const view = {
      ...request,
      header: (name: string) => request.header(name),
      get route() {
        return route
      },
    }
    const context = await verifier.verify(view)
    route = '/tools'
    await verifier.authorize(context, {}, view)
    expect(sink.events.map((event) => event.request.route)).toEqual([null, '/tools'])
  })

  test('Audit: the duration is that of the monotonic clock, in microseconds', async () => {
    const sink = memorySink()
    let time = 0
    const clock = { now: () => kit.clock.now(), monotonic: () => time }
    const isRevoked = async () => {
      time += 1.5
      return false
    }
    const verifier = kit.verifierWith({ audit: sink, clock, revocation: { isRevoked } })
    const view = await kit.request()
    const context = await verifier.verify(view)
    const where = async () => {
      time += 0.25
      return true
    }
    await verifier.authorize(context, { where }, view)
    expect(sink.events.map(({ durationMicros }) => durationMicros)).toEqual([1_500, 250])
  })
})

describe('which request an access decision belongs to', () => {
  test('AUD-06: given only a context it is the latest request of that context', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const token = await kit.issuer.token({ agent: kit.agent })
    const context = await verifier.verify(await kit.request({ token }))
    await verifier.authorize(context, {})
    await verifier.verify(await kit.request({ token }))
    await verifier.authorize(context, { scopes: ['a'] })
    const [first, ofFirst, second, ofSecond] = sink.events
    expect([ofFirst?.requestId, ofSecond?.requestId]).toEqual([first?.requestId, second?.requestId])
    expect(first?.requestId).not.toBe(second?.requestId)
    expect(ofSecond).toMatchObject({ request: { path: '/tools' }, proof: { result: 'valid', replayed: false } })
    expect(new Set(sink.events.map(({ id }) => id)).size).toBe(4)
  })

  test('AUD-06: an object that no check has seen belongs there, too', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const context = await verifier.verify(await kit.request())
    await verifier.authorize(context, {}, { body: 1 })
    expect(new Set(sink.events.map(({ requestId }) => requestId)).size).toBe(1)
  })
})

test('Audit: behind a self-act the rest of the chain is in both events', async () => {
  const sink = memorySink()
  const verifier = kit.verifierWith({ audit: sink })
  const act = { sub: 'travel-7', iss: kit.issuer.issuer, act: { sub: 'planner-2', iss: kit.issuer.issuer } }
  const view = await kit.request({ token: { human: undefined, claims: { sub: 'travel-7', act } } })
  await verifier.authorize(await verifier.verify(view), {}, view)
  const chains = sink.events.map(({ chain }) => chain.map(({ subject }) => subject))
  expect(chains).toEqual([
    ['travel-7', 'planner-2'],
    ['travel-7', 'planner-2'],
  ])
})

test('Audit: a refusal before the proof is checked names the method that the token needs, and no proof where none came', async () => {
  const sink = memorySink()
  const dangerously = { allowUnbound: true } as const
  const verifiers = [kit.verifierWith({ audit: sink }), kit.verifierTrusting({ dangerously }, { audit: sink })]
  const unbound = { scheme: 'Bearer', token: { bind: 'none' }, proof: null } as const
  for (const verifier of verifiers) await kit.call({ ...unbound, verifier })
  await kit.call({ proof: null, verifier: verifiers[0] })
  expect(sink.events.map(({ code, sender, proof }) => [code, sender.method, proof.result])).toEqual([
    ['binding_missing', 'none', 'none'],
    [null, 'none', 'none'],
    ['proof_missing', 'dpop', 'none'],
  ])
})

describe('onbehalf:admission', () => {
  interface Message {
    readonly context: AgentContext
    readonly event: AuditEvent
  }

  function listen(): Message[] {
    const heard: Message[] = []
    const take = (message: unknown) => void heard.push(message as Message)
    const admissions = channel('onbehalf:admission')
    admissions.subscribe(take)
    onTestFinished(() => void admissions.unsubscribe(take))
    return heard
  }

  test('Audit: every admitted request is published with its context and event, also without a sink', async () => {
    const heard = listen()
    const verifier = kit.verifierWith()
    const view = await kit.request()
    const context = await verifier.verify(view)
    await verifier.authorize(context, {}, view)
    await verifier.check(view)
    expect(heard).toHaveLength(1)
    expect(heard[0]?.context).toBe(context)
    expect(heard[0]?.event).toMatchObject({ phase: 'authentication', decision: 'admitted', code: null })
  })

  test('Audit: a request that could not be recorded is not published as admitted', async () => {
    const heard = listen()
    const sink = () => Promise.reject(new Error('in the sink'))
    await kit.verifierWith({ audit: { sink, required: true } }).check(await kit.request())
    expect(heard).toEqual([])
  })
})
