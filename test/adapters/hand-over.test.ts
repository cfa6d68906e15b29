import type { ServerResponse } from 'node:http'
import * as http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ErrorRequestHandler } from 'express'
import fastify from 'fastify'
import { agentAuth, agentContextOf, requireAccess } from 'onbehalf/express'
import * as doorOfFastify from 'onbehalf/fastify'
import { createNodeGate } from 'onbehalf/node'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { frameworks } from '../support/express.ts'
import { createKit, type Kit } from '../support/kit.ts'
import { codeIn, type Reply, serve } from '../support/servers.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})

const handOver = { onRefusal: () => ({ handOver: true }) as const }

/** The refusal in full, and nothing of what the application wrote. */
function expectRefusal(reply: Reply, code: string, status: number): void {
  expect([reply.status, codeIn(reply)]).toEqual([status, code])
  expect(reply.headers['www-authenticate']).toContain('DPoP')
  expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/problem+json' })
  for (const name of ['x-secret', 'set-cookie', 'etag', 'location']) expect(reply.headers).not.toHaveProperty(name)
  expect(JSON.stringify(reply)).not.toContain('secret')
}

/** Ways to answer as if nothing had been refused. */
const answers: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['end', (response) => void response.end('secret')],
  ['write and end', writeTwice],
  ['writeHead', (response) => void response.writeHead(200, { 'x-secret': '1', 'content-length': 6 }).end('secret')],
  ['a redirect', (response) => void response.writeHead(302, 'Found', ['location', '/secret']).end()],
  ['flushHeaders', flushFirst],
  ['an empty end', (response) => void response.end()],
]

function writeTwice(response: ServerResponse): void {
  response.write('secret')
  response.end('secret')
}

function flushFirst(response: ServerResponse): void {
  response.flushHeaders()
  response.end('secret')
}

describe.each(frameworks)('%s', (_name, express) => {
  function appThatGoesOn() {
    const app = express()
    app.use((_req, res, next) => {
      res.setHeader('access-control-allow-origin', '*')
      next()
    })
    app.use(agentAuth(kit.options, handOver))
    app.use(((_error, _req, _res, next) => next()) as ErrorRequestHandler)
    return app
  }

  test.each(answers)(
    'P41: a handler that answers by %s after a refusal answers with the refusal',
    async (_way, answer) => {
      const app = appThatGoesOn()
      app.get('/tools', (_req, res) => {
        res.setHeader('x-secret', '1')
        res.setHeader('set-cookie', 'secret')
        answer(res)
      })
      const reply = await (await serve(app))('/tools')
      expectRefusal(reply, 'credentials_missing', 401)
      expect(reply.headers['access-control-allow-origin']).toBe('*')
    },
  )

  test.each([
    ['json', (res: import('express').Response) => void res.json({ secret: 1 })],
    ['sendFile', (res: import('express').Response) => void res.sendFile(import.meta.filename)],
  ])('P41: %s answers with the refusal', async (_way, answer) => {
    const app = appThatGoesOn()
    app.get('/tools', (_req, res) => answer(res))
    expectRefusal(await (await serve(app))('/tools'), 'credentials_missing', 401)
  })

  test('P41: reading agentContext behind a refusal throws, and agentContextOf has none', async () => {
    const app = appThatGoesOn()
    const seen: unknown[] = []
    app.get('/tools', (req, res) => {
      seen.push(agentContextOf(req))
      res.json(req.agentContext)
    })
    expect((await (await serve(app))('/tools')).status).toBe(500)
    expect(seen).toEqual([undefined])
  })

  test('P41: so does the refusal of a route, and an error handler that answers 200', async () => {
    const app = express()
    app.use(agentAuth(kit.options, handOver))
    app.get('/admin', requireAccess({ scopes: ['admin'] }))
    app.use(((_error, _req, res, _next) => void res.json({ secret: true })) as ErrorRequestHandler)
    const reply = await (await serve(app))('/admin', { headers: await kit.credentials('GET', '/admin') })
    expectRefusal(reply, 'scope_missing', 403)
  })

  test('P41: an error status is the application’s own, with the fields of the refusal', async () => {
    const app = express()
    app.use(agentAuth(kit.options, handOver))
    app.use(((_error, _req, res, _next) => void res.status(404).json({ own: true })) as ErrorRequestHandler)
    const reply = await (await serve(app))('/tools')
    expect([reply.status, JSON.parse(reply.text)]).toEqual([404, { own: true }])
    expect(reply.headers['www-authenticate']).toContain('DPoP')
  })
})

test('P41: Fastify’s error handler that answers 200 answers with the refusal', async () => {
  for (const answer of [{ secret: true }, 'secret', Buffer.from('secret'), undefined]) {
    const app = fastify()
    await app.register(doorOfFastify.agentAuth, { ...kit.options, ...handOver })
    app.setErrorHandler((_error, _request, reply) => reply.code(200).header('x-secret', '1').send(answer))
    app.get('/tools', async () => 'secret')
    await app.listen({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => app.close())
    const response = await fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/tools`)
    const { status, headers } = response
    expect(status).toBe(401)
    expect(headers.get('x-secret')).toBeNull()
    expect(await response.json()).toMatchObject({ code: 'credentials_missing' })
  }
})

test.each(answers)(
  'P41: what catches the error of a gate and answers by %s answers with the refusal',
  async (_way, answer) => {
    const gate = createNodeGate(kit.options, handOver)
    const send = await serve(async (request, response) => {
      await gate(request, response).catch(() => undefined)
      answer(response)
    })
    expectRefusal(await send('/tools'), 'credentials_missing', 401)
  },
)

test.each(['secret', ''])('P41: on HTTP/2 too (%s)', async (body) => {
  const gate = createNodeGate(kit.options, handOver)
  const server = http2.createServer(async (request, response) => {
    await gate(request, response).catch(() => undefined)
    if (body === '') response.end()
    else response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.close()
    server.close()
  })
  const stream = client.request({ ':path': '/tools' })
  const status = await new Promise((resolve) => stream.on('response', (fields) => resolve(fields[':status'])))
  let text = ''
  for await (const chunk of stream) text += chunk
  expect([status, JSON.parse(text)]).toMatchObject([401, { code: 'credentials_missing' }])
})
