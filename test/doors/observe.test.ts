import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { type AuditEvent, createVerifier, type Observation, OptionsError, type VerifierOptions } from 'onbehalf'
import * as express from 'onbehalf/express'
import {
  agentAuth as guardFastify,
  observeAgents as observeFastify,
  observationOf as ofFastify,
} from 'onbehalf/fastify'
import * as web from 'onbehalf/fetch'
import * as node from 'onbehalf/node'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { memorySink } from '../support/audit.ts'
import { withBrokenSignature } from '../support/bytes.ts'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit, resource } from '../support/kit.ts'
import { listen, type Send, sendRaw, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice', scopes: ['a'] } })
})

/** A server whose handler answers at once, and what was observed about its requests. */
interface Stage {
  readonly send: Send
  readonly seen: (Promise<Observation> | undefined)[]
}

type Start = (options: VerifierOptions) => Promise<Stage>

const expressStages = frameworks.map(([name, framework]): readonly [string, Start] => [
  name,
  async (options) => {
    const seen: Stage['seen'] = []
    const app = framework()
    app.use(express.observeAgents(options))
    app.use((request, response) => {
      seen.push(express.observationOf(request))
      response.json({ hasContext: 'agentContext' in request || express.agentContextOf(request) !== undefined })
    })
    return { send: await serve(app), seen }
  },
])

const startFastify: Start = async (options) => {
  const seen: Stage['seen'] = []
  const app = fastify()
  await app.register(observeFastify, options)
  app.get('/*', async (request) => {
    seen.push(ofFastify(request))
    return { hasContext: 'agentContext' in request }
  })
  await app.ready()
  onTestFinished(() => app.close())
  return { send: await serve((request, response) => app.routing(request, response)), seen }
}

const startNode: Start = async (options) => {
  const seen: Stage['seen'] = []
  const observe = node.createNodeObserver(options)
  const send = await serve((request, response) => {
    observe(request)
    seen.push(node.observationOf(request))
    response.end(JSON.stringify({ hasContext: node.agentContextOf(request) !== undefined }))
  })
  return { send, seen }
}

const startFetch: Start = async (options) => {
  const seen: Stage['seen'] = []
  const observe = web.createObserver(options)
  const send = await serve((incoming, response) => {
    const headers = new Headers(incoming.headers as Record<string, string>)
    const request = new Request(resource + incoming.url, { method: incoming.method ?? 'GET', headers })
    observe(request, { address: '127.0.0.1' })
    seen.push(web.observationOf(request))
    response.end(JSON.stringify({ hasContext: web.agentContextOf(request) !== undefined }))
  })
  return { send, seen }
}

const stages: readonly (readonly [string, Start])[] = [
  ...expressStages,
  ['Fastify', startFastify],
  ['node', startNode],
  ['fetch', startFetch],
]

describe.each(stages)('%s', (_, start) => {
  test('Context: every request is answered, and told to the audit as observed', async () => {
    const sink = memorySink()
    const { send, seen } = await start({ ...kit.options, audit: sink })
    const good = await kit.credentials('GET', '/tools')
    const sent = [
      good,
      good,
      await kit.credentials('GET', '/tools', { token: { header: { typ: 'JWT' }, bind: 'none' }, scheme: 'Bearer' }),
      await kit.credentials('GET', '/tools', { token: withBrokenSignature(await kit.token()) }),
      { authorization: 'Basic dXNlcjpwYXNz' },
      {},
    ]
    for (const headers of sent) {
      const { status, text } = await send('/tools', { headers })
      expect([status, JSON.parse(text)]).toEqual([200, { hasContext: false }])
      await seen.at(-1)
    }
    const observed = await Promise.all(seen)
    const wouldRefuse = [
      [],
      ['proof_replayed'],
      ['token_type', 'binding_missing'],
      ['token_signature'],
      ['credentials_missing'],
      ['credentials_missing'],
    ]
    expect(observed.map((one) => one?.wouldRefuse)).toEqual(wouldRefuse)
    expect(observed.map((one) => one?.signature)).toEqual(['held', 'held', 'held', 'failed', 'unknown', 'unknown'])
    const parties = { principal: 'alice', actor: 'travel-7', authority: 'delegated', chain: ['travel-7'] }
    expect(observed.map((one) => one?.parties)).toEqual([...Array(3).fill(parties), ...Array(3).fill(undefined)])
    expect(sink.events.map((event) => event.wouldRefuse)).toEqual(wouldRefuse)
    for (const event of sink.events) expect(event).toMatchObject({ decision: 'observed', code: null, status: null })
    expect(sink.events[0]).toMatchObject({
      phase: 'authentication',
      request: { method: 'GET', path: '/tools' },
      principal: { subject: 'alice' },
      sender: { method: 'dpop', thumbprint: kit.agent.jkt },
      proof: { result: 'valid', replayed: false },
    })
    expect(sink.events[1]).toMatchObject({ proof: { result: 'replayed', replayed: true } })
    expect(sink.events[3]).toMatchObject({ principal: null, issuer: null, chain: [] })
  })

  test('Options: what only a guard can do is an OptionsError', async () => {
    const replay = { add: () => 'fresh' as const }
    for (const more of [
      { access: { scopes: ['a'] } },
      { reportOnly: ['token_type'] },
      { dpop: { replay } },
      { audit: { sink: memorySink(), required: true } },
      { optional: true },
      { onRefusal: () => {} },
    ]) {
      await expect((async () => start({ ...kit.options, ...more } as VerifierOptions))()).rejects.toThrow(OptionsError)
    }
  })

  test('Context: sinks that throw, keys that hang and hostile requests neither break nor delay a request', async () => {
    const broken = {
      write: () => {
        throw new Error('full')
      },
    }
    const { jwks: _, ...trust } = kit.trust
    const hanging = { issuer: trust, fetch: () => new Promise<never>(() => {}), audit: broken }
    for (const more of [{ audit: broken }, hanging]) {
      const { send, seen } = await start({ ...kit.options, ...more })
      const token = await kit.token()
      for (const headers of [
        await kit.credentials('GET', '/tools'),
        { authorization: `DPoP ${token}`, dpop: 'x'.repeat(8_000) },
        { authorization: `DPoP ${'.'.repeat(2_000)}` },
        { authorization: 'DPoP', dpop: ',' },
      ]) {
        expect((await send('/tools//../%00', { headers })).status).toBe(200)
      }
      expect(seen).toHaveLength(4)
      await Promise.all(seen.slice(1 + Number(more === hanging)))
    }
  })
})

describe('beside another guard', () => {
  test('Context: an observer and agentAuth of one verifier or of two share no memory of proofs', async () => {
    for (const isShared of [true, false]) {
      const sink = memorySink()
      const verifier = createVerifier({ ...kit.options, audit: sink })
      const app = frameworks[0]?.[1]()
      if (app === undefined) throw new Error('no framework')
      app.use(express.observeAgents(isShared ? verifier : { ...kit.options, audit: sink }))
      app.use(express.observeAgents(verifier), express.agentAuth(verifier))
      app.get('/tools', (request, response) => {
        response.json({ by: request.agentContext.actor.subject })
      })
      const send = await serve(app)
      expect((await send('/tools', { headers: await kit.credentials('GET', '/tools') })).status).toBe(200)
      expect((await send('/tools')).status).toBe(401)
      await new Promise((resolve) => setImmediate(resolve))
      const observed = sink.events.filter(({ decision }) => decision === 'observed')
      expect(observed.filter(({ wouldRefuse }) => wouldRefuse.includes('proof_replayed'))).toEqual([])
      const kinds = new Set(sink.events.map(({ decision }: AuditEvent) => decision))
      expect([...kinds].sort()).toEqual(['admitted', 'observed', 'refused'])
    }
  })

  test('Context: in Fastify the two plugins go together, with one verifier', async () => {
    const verifier = createVerifier(kit.options)
    const app = fastify()
    await app.register(observeFastify, { verifier })
    await app.register(guardFastify, { verifier })
    app.get('/tools', async (request) => ({ seen: (await ofFastify(request))?.wouldRefuse }))
    const response = await app.inject({ url: '/tools', headers: await kit.credentials('GET', '/tools') })
    expect([response.statusCode, response.json()]).toEqual([200, { seen: [] }])
    expect((await app.inject({ url: '/tools' })).statusCode).toBe(401)
  })

  test('Context: neither revocation nor directory nor introspection is asked', async () => {
    let asked = 0
    const ask = () => {
      asked++
      return undefined
    }
    const verifier = createVerifier({
      ...kit.options,
      issuer: {
        ...kit.trust,
        introspection: { for: 'all', endpoint: `${kit.trust.issuer}/introspect`, client: { id: 'a', secret: 'b' } },
      },
      revocation: { isRevoked: () => Boolean(ask()) },
      delegation: { directory: ask, requireOwner: true },
      fetch: async () => {
        ask()
        return Response.json({ active: false })
      },
    })
    const seen = verifier.observer()(await kit.request())
    expect(await seen).toMatchObject({ wouldRefuse: [], signature: 'held' })
    expect(asked).toBe(0)
  })

  test('Context: 64 requests are judged at a time, and what is beyond is counted', async () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const { jwks, ...trust } = kit.trust
    const verifier = createVerifier({
      ...kit.options,
      issuer: { ...trust, jwksUri: `${trust.issuer}/keys` },
      fetch: async () => {
        await opened
        return Response.json(jwks)
      },
    })
    const observe = verifier.observer()
    const views = await Promise.all(Array.from({ length: 70 }, () => kit.request()))
    const seen = views.map((view) => observe(view))
    expect(seen.filter((one) => one === undefined)).toHaveLength(6)
    expect(verifier.health().observed).toEqual({ skipped: 6, pending: 64 })
    open()
    const observed = await Promise.all(seen)
    expect(observed.filter((one) => one?.signature === 'held')).toHaveLength(64)
    expect(verifier.health().observed).toEqual({ skipped: 6, pending: 0 })
    await verifier.close()
  })

  test('Context: a request whose view cannot be read is counted and not judged', async () => {
    const verifier = createVerifier(kit.options)
    const observe = verifier.observer()
    const fail = () => {
      throw new Error('gone')
    }
    expect(
      observe({
        method: 'GET',
        get target(): string {
          return fail()
        },
        header: () => [],
      }),
    ).toBeUndefined()
    const late = observe({ method: 'GET', target: '/', header: fail })
    expect(await late).toEqual({ wouldRefuse: [], signature: 'unknown' })
    expect(verifier.health().observed).toEqual({ skipped: 2, pending: 0 })
  })

  test('Context: the handler goes first, and may have ended the connection', async () => {
    const order: string[] = []
    const verifier = createVerifier({ ...kit.options, audit: () => void order.push('observed') })
    const observe = node.createNodeObserver(verifier)
    let seen: Promise<Observation> | undefined
    const port = await listen((request, response) => {
      observe(request)
      seen = node.observationOf(request)
      order.push('handled')
      response.end(() => request.socket.destroy())
    })
    const headers = await kit.credentials('GET', '/tools')
    await sendRaw(port, ['GET /tools HTTP/1.1', 'Host: x', ...Object.entries(headers).map((pair) => pair.join(': '))])
    expect(await seen).toMatchObject({ wouldRefuse: [], signature: 'held' })
    expect(order).toEqual(['handled', 'observed'])
  })

  test('Context: HTTP/2 requests are observed as well', async () => {
    const observe = node.createNodeObserver(kit.options)
    const seen: (Promise<Observation> | undefined)[] = []
    const server = createHttp2Server((request, response) => {
      observe(request)
      seen.push(node.observationOf(request))
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => {
      session.destroy()
      server.close()
    })
    const stream = session.request({ ':path': '/tools', ...(await kit.credentials('GET', '/tools')) })
    await new Promise((resolve) => stream.on('end', resolve).resume())
    expect(await seen[0]).toMatchObject({ wouldRefuse: [], signature: 'held' })
  })
})
