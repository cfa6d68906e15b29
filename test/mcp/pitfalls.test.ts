import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import express from 'express'
import { createVerifier, type VerifierOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { mcpAccess } from 'onbehalf/mcp'
import { createTestIssuer, type TestIssuer } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { createMcpApp } from '../../examples/mcp-server/app.ts'
import { createSessionApp } from '../../examples/mcp-server/sessions.ts'
import { endWithToken } from '../../examples/mcp-server/stream-end.ts'
import { listen } from '../support/servers.ts'
import { call, guard } from './guarded.ts'
import { handshake, stateless } from './messages.ts'

const resource = 'https://api.example.test/mcp'

interface Caller {
  readonly issuer: TestIssuer
  readonly options: VerifierOptions
  headers(method: string, url?: string): Promise<Record<string, string>>
}

async function caller(more: Partial<VerifierOptions> = {}): Promise<Caller> {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  const token = await issuer.token({ agent, human: 'alice', scopes: ['calendar:read'] })
  return {
    issuer,
    options: { issuer: issuer.options, resource, clock: issuer.clock, dpop: { preset: 'mcp' }, ...more },
    headers: (method, url = resource) => agent.headers(method, url, token),
  }
}

async function send(
  port: number,
  method: string,
  headers: Record<string, string>,
  body?: string,
  path = '/mcp',
): Promise<IncomingMessage> {
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  outgoing.end(body)
  const [response] = await once(outgoing, 'response')
  return response as IncomingMessage
}

type Open = (port: number, by: Caller) => Promise<IncomingMessage>

const openSubscription: Open = async (port, by) => {
  const params = { notifications: { toolsListChanged: true } }
  const own = stateless.headers('subscriptions/listen', params)
  const body = JSON.stringify(stateless.message('subscriptions/listen', params))
  return send(port, 'POST', { ...own, ...(await by.headers('POST')) }, body)
}

const openSessionStream: Open = async (port, by) => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
  const own = handshake.headers('initialize')
  const body = JSON.stringify(handshake.message('initialize', params))
  const opened = await send(port, 'POST', { ...own, ...(await by.headers('POST')) }, body)
  opened.resume()
  const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  return send(port, 'GET', { ...own, ...session, ...(await by.headers('GET')) })
}

describe.each<[string, Open, (options: VerifierOptions) => express.Express]>([
  ['subscriptions/listen', openSubscription, (options) => createMcpApp(createVerifier(options)).app],
  ['the GET stream of 2025-11-25', openSessionStream, (options) => createSessionApp(createVerifier(options))],
])('streams: %s', (_name, open, createApp) => {
  test.each(['expiry', 'revocation'])('MCP: it ends at the %s of its token', async (how) => {
    let isRevoked = false
    const by = await caller({ revocation: { isRevoked: () => isRevoked } })
    const stream = await open(await listen(createApp(by.options)), by)
    expect([stream.statusCode, stream.headers['content-type']]).toEqual([200, 'text/event-stream'])
    stream.on('error', () => {})
    stream.resume()
    // It is cut, which once() would take for a failure.
    const ended = new Promise((resolve) => stream.once('close', resolve))
    expect(stream.destroyed).toBe(false)
    if (how === 'expiry') by.issuer.clock.advance(300)
    else isRevoked = true
    await ended
  })
})

describe('answers that last', () => {
  /** The handler begins an answer that it never ends. */
  async function startServer({ options }: Caller): Promise<number> {
    const verifier = createVerifier(options)
    const app = express()
    app.post('/mcp', agentAuth(verifier), express.json(), endWithToken(verifier), (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':')
    })
    return listen(app)
  }

  async function ask(port: number, by: Caller, ...methods: string[]): Promise<IncomingMessage> {
    const messages = methods.map((method) => ({ jsonrpc: '2.0', id: 1, method }))
    const headers = { ...(await by.headers('POST')), 'content-type': 'application/json' }
    return send(port, 'POST', headers, JSON.stringify(messages.length === 1 ? messages[0] : messages))
  }

  test.each(['expiry', 'revocation'])('MCP: a long call ends at the %s of its token', async (how) => {
    let isRevoked = false
    const by = await caller({ revocation: { isRevoked: () => isRevoked } })
    const answer = await ask(await startServer(by), by, 'tools/call')
    expect(answer.statusCode).toBe(200)
    answer.on('error', () => {})
    answer.resume()
    const ended = new Promise((resolve) => answer.once('close', resolve))
    if (how === 'expiry') by.issuer.clock.advance(300)
    else isRevoked = true
    await ended
  })

  test('MCP: past the end of a token, while clocks may differ, calls are answered and no stream begins', async () => {
    const by = await caller()
    const port = await startServer(by)
    by.issuer.clock.advance(302)
    expect((await ask(port, by, 'tools/call')).statusCode).toBe(200)
    await expect(ask(port, by, 'subscriptions/listen')).rejects.toThrow()
    await expect(ask(port, by, 'tools/call', 'subscriptions/listen')).rejects.toThrow()
  })
})

test('MCP: behind a proxy that cuts off a prefix, the proof is for the URL that publicUrl names', async () => {
  const by = await caller({ publicUrl: 'https://api.example.test/tenant' })
  const app = express()
  app.all('/mcp', agentAuth(by.options), (_request, response) => response.json({}))
  const port = await listen(app)
  const statusFor = async (url: string) => (await send(port, 'POST', await by.headers('POST', url))).resume().statusCode
  expect(await statusFor('https://api.example.test/tenant/mcp')).toBe(200)
  expect(await statusFor(resource)).toBe(401)
})

test('MCP: the body of a stranger is not parsed', async () => {
  const server = await guard({ '*': {} })
  const reply = await server.post('{"not": json', { headers: { authorization: 'Bearer x', dpop: [] } })
  // The parser would answer with an error of its own.
  expect(reply.status).toBe(401)
})

test('MCP: of 2 000 tools each has its own rule', async () => {
  const names = Array.from({ length: 2_000 }, (_none, at) => `tool-${at}`)
  const rules = Object.fromEntries(names.map((name) => [name, { scopes: [name] }]))
  const server = await guard({ 'tools/call': { ...rules, '*': 'deny' }, '*': 'deny' })
  const token = { scopes: ['tool-1999'] }
  expect((await server.post(call('tool-1999'), { token })).status).toBe(200)
  expect((await server.post(call('tool-1998'), { token })).status).toBe(403)
  expect((await server.post(call('tool-2000'), { token })).status).toBe(403)
  const { allows } = mcpAccess({ 'tools/call': { ...rules, '*': 'deny' }, '*': 'deny' })
  const context = await server.kit.context({ token, verifier: server.verifier })
  expect(names.filter((name) => allows(context, 'tools/call', name))).toEqual(['tool-1999'])
})
