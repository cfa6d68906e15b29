import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type OutgoingHttpHeader, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import type { RequestView } from 'onbehalf'
import { agentAuth } from 'onbehalf/fastify'
import { createNodeGate } from 'onbehalf/node'
import { expect, onTestFinished, test } from 'vitest'
import { nodeRequestView } from '../../adapters/node-request.ts'
import { createKit, type Kit } from '../support/kit.ts'

const nonce = { secret: randomBytes(32), seconds: 300 }
const exposed = 'WWW-Authenticate, DPoP-Nonce, Retry-After'

test.each<[string, readonly unknown[]]>([
  ['flat', ['Set-Cookie', ['a=1', 'b=2'], 'Cache-Control', 'public']],
  [
    'in pairs',
    [
      ['Set-Cookie', ['a=1', 'b=2']],
      ['Cache-Control', 'public'],
    ],
  ],
])(
  'RFC 9449 §8.2: fields given to writeHead in a list, %s, keep all their values beside the owed ones',
  async (_form, list) => {
    const kit = await createKit({ token: { human: 'alice' } })
    const gate = createNodeGate(kit.verifierWith({ dpop: { nonce } }))
    const url = await serve(async (request, response) => {
      if ((await gate(request, response)) !== undefined) response.writeHead(200, list as OutgoingHttpHeader[]).end()
    })
    const send = async (value?: string) =>
      fetch(url, { headers: await kit.credentials('GET', '/tools', { proof: { nonce: value } }) })
    const value = String((await send()).headers.get('dpop-nonce'))
    kit.issuer.clock.advance(160)
    const { status, headers } = await send(value)
    expect([status, headers.getSetCookie()]).toEqual([200, ['a=1', 'b=2']])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('dpop-nonce')).toMatch(/./)
  },
)

/** The answer to an admitted request; it has to carry the next nonce. */
async function askLate(kit: Kit, app: FastifyInstance): Promise<LightMyRequestResponse> {
  const send = async (value?: string) =>
    app.inject({ url: '/tools', headers: await kit.credentials('GET', '/tools', { proof: { nonce: value } }) })
  const value = String((await send()).headers['dpop-nonce'])
  kit.issuer.clock.advance(160)
  return send(value)
}

test('RFC 9449 §8.2: Fastify: a hijacked reply carries the next nonce', async () => {
  const kit = await createKit({ token: { human: 'alice' } })
  const app = fastify()
  await app.register(agentAuth, { verifier: kit.verifierWith({ dpop: { nonce } }) })
  app.get('/tools', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'public' }).end('data: 1\n\n')
  })
  const { statusCode, headers, body } = await askLate(kit, app)
  expect([statusCode, body]).toEqual([200, 'data: 1\n\n'])
  expect(headers['dpop-nonce']).toMatch(/./)
  expect(headers['cache-control']).toBe('no-store')
})

test('RFC 9449 §8.2: Fastify: what an onSend hook of a later plugin sets is complemented, on an answer and on a refusal', async () => {
  const kit = await createKit({ token: { human: 'alice' } })
  const app = fastify()
  await app.register(agentAuth, { verifier: kit.verifierWith({ dpop: { nonce } }) })
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'Access-Control-Expose-Headers': 'X-Total', 'Cache-Control': 'public' })
  })
  app.get('/tools', async () => 'reached')
  const refused = await app.inject('/tools')
  for (const { headers } of [refused, await askLate(kit, app)]) {
    expect(headers['access-control-expose-headers']).toBe(`X-Total, ${exposed}`)
    expect(headers['cache-control']).toBe('no-store')
  }
  expect(refused.headers['content-length']).toBe(String(Buffer.byteLength(refused.body)))
})

test('Fastify: options beside a verifier are refused, for they would be without effect', async () => {
  const kit = await createKit({ token: { human: 'alice' } })
  const options = { verifier: kit.verifierWith(), access: { scopes: ['admin'] } }
  await expect(fastify().register(agentAuth, options)).rejects.toMatchObject({ problems: [{ path: 'access' }] })
})

test('node: the requests of one HTTP/2 connection share one certificate buffer, those of another do not', () => {
  const session = {}
  const first = certificateOf(session)
  expect(first).toBeInstanceOf(Uint8Array)
  expect(certificateOf(session)).toBe(first)
  expect(certificateOf({})).not.toBe(first)
})

/** Node makes a socket object for every HTTP/2 request, and a buffer at every call. */
function certificateOf(session: object): Uint8Array | undefined {
  const socket = { getPeerCertificate: () => ({ raw: Uint8Array.of(48) }) }
  const request = { socket, stream: { session }, rawHeaders: [], headers: {} }
  const view: RequestView = nodeRequestView(request as unknown as IncomingMessage, '/tools')
  return view.peer?.certificate?.()
}

/** Listens on loopback until the test ends. */
async function serve(listener: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tools`
}
