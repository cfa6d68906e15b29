import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import * as http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import Fastify from 'fastify'
import type { MtlsOptions, Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/express'
import { agentAuth as fastifyAuth, requireAccess as requireFastify } from 'onbehalf/fastify'
import { createGate } from 'onbehalf/fetch'
import { createNodeGate } from 'onbehalf/node'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createForwardedKit, type ForwardedKit, pemOf } from '../support/forwarded.ts'
import { codeIn, serve } from '../support/servers.ts'

/** Certificate headers at every door: who the peer is, what is remembered, and what answers say. */

let forwarded: ForwardedKit
let headers: Record<string, string>
beforeAll(async () => {
  forwarded = await createForwardedKit()
  headers = { authorization: `Bearer ${forwarded.token}`, 'ssl-client-cert': encodeURIComponent(pemOf(forwarded.own)) }
})

const guard = (...trustedProxies: string[]) => forwarded.verifierFor({ header: 'nginx', trustedProxies })

describe('the peer', () => {
  test('MTLS-07: Express takes the address of the socket, whatever `trust proxy` makes of the request', async () => {
    const app = express().set('trust proxy', true)
    app.use(agentAuth(guard('203.0.113.9')))
    app.use((req, res) => void res.json(req.agentContext.sender))
    const send = await serve(app)
    const pretended = { ...headers, 'x-forwarded-for': '203.0.113.9' }
    expect(codeIn(await send('/', { headers: pretended }))).toBe('certificate_missing')
  })

  test('MTLS-07: Fastify does as well, on HTTP/1 and HTTP/2', async () => {
    const app = Fastify({ trustProxy: true })
    await app.register(fastifyAuth, { verifier: guard('203.0.113.9') })
    app.get('/', async () => 'in')
    onTestFinished(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`, {
      headers: { ...headers, 'x-forwarded-for': '203.0.113.9' },
    })
    expect(await answer.json()).toMatchObject({ code: 'certificate_missing' })
    expect(answer.headers.get('vary')).toBe('ssl-client-cert')
  })

  test('MTLS-07: on HTTP/2 the field counts from the proxy, in the case that HTTP/2 has, and from nobody else', async () => {
    for (const [trusted, expected] of [
      ['127.0.0.1', 'admitted'],
      ['10.0.0.1', 'certificate_missing'],
    ] as const) {
      const gate = createNodeGate(guard(trusted))
      const server = http2.createServer((req, res) => {
        void gate(req, res).then((context) => context && res.end('{"code":"admitted"}'))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      onTestFinished(() => {
        session.destroy()
        server.close()
      })
      const text = await new Promise<string>((resolve, reject) => {
        let received = ''
        const stream = session.request({ ':path': '/', ...headers })
        stream.setEncoding('utf8').on('data', (chunk) => {
          received += chunk
        })
        stream.on('end', () => resolve(received)).on('error', reject)
      })
      expect(JSON.parse(text)).toMatchObject({ code: expected })
    }
  })

  test.runIf(process.platform !== 'win32')('MTLS-07: `unix` is the listener, and trusts no address', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
    const socketPath = join(folder, 'socket')
    const answers: (string | undefined)[] = []
    for (const trusted of ['unix', '127.0.0.1']) {
      const gate = createNodeGate(guard(trusted))
      const server = createServer((req, res) => {
        void gate(req, res).then((context) => context && res.end())
      })
      await new Promise<void>((resolve) => server.listen(socketPath, resolve))
      const response = await new Promise<IncomingMessage>((resolve) => {
        request({ socketPath, path: '/', headers, agent: false }, resolve).end()
      })
      answers.push(response.headers.vary)
      answers.push(String(response.statusCode))
      response.resume()
      await new Promise((resolve) => server.close(resolve))
    }
    rmSync(folder, { recursive: true })
    expect(answers).toEqual(['ssl-client-cert', '200', 'ssl-client-cert', '401'])
  })

  test('MTLS-07: a fetch host without an address is `host`; with one, the address counts', async () => {
    const enter = async (trusted: string, connection?: { address?: string; certificate?: Uint8Array }) => {
      const entry = await createGate(guard(trusted))(
        new Request('https://api.example.test/', { headers }),
        undefined,
        connection,
      )
      return entry.ok ? 'admitted' : ((await entry.response.json()) as { code: string }).code
    }
    expect(await enter('host')).toBe('admitted')
    expect(await enter('host', {})).toBe('admitted')
    expect(await enter('host', { address: '10.0.0.1' })).toBe('certificate_missing')
    expect(await enter('10.0.0.1', { address: '10.0.0.1' })).toBe('admitted')
    expect(await enter('0.0.0.0/0')).toBe('certificate_missing')
    expect(await enter('unix')).toBe('certificate_missing')
  })

  test('MTLS-07: a fetch host that joins two lines shows a broken field', async () => {
    const twice = new Headers(headers)
    twice.append('ssl-client-cert', headers['ssl-client-cert'] ?? '')
    const entry = await createGate(guard('host'))(new Request('https://api.example.test/', { headers: twice }))
    expect(entry.ok || ((await entry.response.json()) as { code: string }).code).toBe('request_malformed')
  })
})

test('MTLS-07: two agents over one kept connection are never taken for one another', async () => {
  const { kit, own, other } = forwarded
  const bearer = async (thumbprint: string) =>
    `Bearer ${await kit.token({ claims: { cnf: { 'x5t#S256': thumbprint } } })}`
  const tokens = [await bearer(own.thumbprint), await bearer(other.thumbprint)]
  const certificates = [own, other].map((certificate) => encodeURIComponent(pemOf(certificate)))
  const sockets = new Set<object>()
  const app = express()
  app.use((req, _res, next) => {
    sockets.add(req.socket)
    next()
  })
  app.use(agentAuth(guard('127.0.0.1')))
  app.use((_req, res) => void res.end())
  const port = await new Promise<number>((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    onTestFinished(() => void server.close())
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = (authorization = '', certificate?: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = { authorization, ...(certificate === undefined ? {} : { 'ssl-client-cert': certificate }) }
      const outgoing = request({ host: '127.0.0.1', port, agent, headers: sent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      })
      outgoing.on('error', reject).end()
    })
  const statuses: number[] = []
  for (const token of tokens) {
    for (const certificate of [...certificates, undefined, ...certificates])
      statuses.push(await ask(token, certificate))
  }
  expect(statuses).toEqual([200, 401, 401, 200, 401, 401, 200, 401, 401, 200])
  expect(sockets.size).toBe(1)
})

test('MTLS-17: the function gets the request of the framework', async () => {
  const seen: object[] = []
  const certificate: MtlsOptions['certificate'] = (given) => {
    seen.push(given)
    return forwarded.own.der
  }
  const requests: object[] = []
  const app = express()
  app.use((req, _res, next) => {
    requests.push(req)
    next()
  })
  app.use(agentAuth(forwarded.verifierFor(certificate)))
  app.use((_req, res) => void res.end())
  expect((await (await serve(app))('/', { headers })).status).toBe(200)

  const fastify = Fastify()
  fastify.addHook('onRequest', async (request) => void requests.push(request))
  await fastify.register(fastifyAuth, { verifier: forwarded.verifierFor(certificate) })
  fastify.get('/', async () => 'in')
  expect((await fastify.inject({ url: '/', headers })).statusCode).toBe(200)

  const web = new Request('https://api.example.test/', { headers })
  requests.push(web)
  expect((await createGate(forwarded.verifierFor(certificate))(web)).ok).toBe(true)
  expect(seen.length).toBe(3)
  for (const [at, given] of seen.entries()) expect(given).toBe(requests[at])
})

describe('Vary', () => {
  type Ask = (sent: Record<string, string>, path?: string) => Promise<string | null | undefined>
  const onExpress = async (verifier: Verifier): Promise<Ask> => {
    const app = express()
    app.use((_req, res, next) => {
      res.setHeader('Vary', 'Origin')
      next()
    })
    app.use(agentAuth(verifier, { optional: true }))
    app.get('/scoped', requireAccess({ scopes: ['none'] }))
    app.get('/same', (_req, res) => void res.setHeader('vary', 'SSL-Client-Cert, Accept').end())
    app.get('/head', (_req, res) => void res.writeHead(200, { Vary: 'Accept' }).end())
    app.use((_req, res) => void res.end())
    const send = await serve(app)
    return async (sent, path = '/') => (await send(path, { headers: sent })).headers.vary
  }
  const onFastify = async (verifier: Verifier): Promise<Ask> => {
    const app = Fastify()
    app.addHook('onRequest', async (_request, reply) => void reply.header('Vary', 'Origin'))
    await app.register(fastifyAuth, { verifier, optional: true })
    app.get('/scoped', { onRequest: requireFastify({ scopes: ['none'] }) }, async () => '')
    app.get('/same', async (_request, reply) => reply.header('vary', 'SSL-Client-Cert, Accept').send(''))
    app.get('/head', async (_request, reply) => reply.header('vary', 'Accept').send(''))
    app.get('/', async () => '')
    return async (sent, url = '/') => String((await app.inject({ url, headers: sent })).headers.vary)
  }
  const onFetch = async (verifier: Verifier): Promise<Ask> => {
    const gate = createGate(verifier)
    const varying = (vary: string) => new Response('', { headers: { vary } })
    const answers: Record<string, string> = { '/same': 'SSL-Client-Cert, Accept', '/head': 'Accept' }
    return async (sent, path = '/') => {
      const requirement = path === '/scoped' ? { scopes: ['none'] } : undefined
      const made = new Request(`https://api.example.test${path}`, { headers: sent })
      const entry = await gate(made, requirement, { address: '127.0.0.1' })
      if (!entry.ok) return entry.response.headers.get('vary')
      const finished = entry.finish(varying(answers[path] ?? 'Origin'))
      return finished.headers.get('vary')
    }
  }

  test.each([
    ['express', onExpress, 'Origin, ssl-client-cert'],
    ['fastify', onFastify, 'Origin, ssl-client-cert'],
    ['fetch', onFetch, 'ssl-client-cert'],
  ] as const)('MTLS-11: %s adds it to what an answer varies by, admitted and refused', async (_name, open, refused) => {
    const ask = await open(guard('127.0.0.1'))
    expect(await ask(headers)).toBe('Origin, ssl-client-cert')
    expect(await ask(headers, '/same')).toBe('SSL-Client-Cert, Accept')
    expect(await ask(headers, '/head')).toBe('Accept, ssl-client-cert')
    expect(await ask(headers, '/scoped')).toBe(refused)
    expect(await ask({ ...headers, 'ssl-client-cert': 'x' })).toBe(refused)
    expect(await ask({ authorization: 'Bearer x' })).toBe(refused)
    expect(await ask({})).toBe(refused)
  })

  test('MTLS-11: a refusal that is handed over has it as well', async () => {
    const app = express()
    app.use(agentAuth(guard('127.0.0.1'), { onRefusal: () => ({ handOver: true }) }))
    const answers = async (errors?: express.ErrorRequestHandler) => {
      const outer = express().use(app)
      if (errors !== undefined) outer.use(errors)
      return (await (await serve(outer))('/', { headers: { authorization: 'Bearer x' } })).headers.vary
    }
    expect(await answers()).toBe('ssl-client-cert')
    expect(await answers((_error, _req, res, _next) => void res.status(418).end())).toBe('ssl-client-cert')
  })
})
