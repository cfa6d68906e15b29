import { getEventListeners, once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { RevocationQuery, Verifier } from 'onbehalf'
import { requestView, type TestAgent, type TestIssuer } from 'onbehalf/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { addStreams } from '../../examples/streams/app.ts'
import { createKit, resource } from '../support/kit.ts'

const url = `${resource}/events`

let streams: Streams

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  streams = await setUpStreams()
})
afterEach(() => {
  streams.close()
  vi.useRealTimers()
})

/** An open stream of either kind, after its first message. */
interface Stream {
  readonly hello: string
  isOpen(): boolean
  leave(): void
  /** Settles when it ends; for a WebSocket, with the close code. */
  readonly end: Promise<unknown>
}

const kinds: readonly [string, (headers: Record<string, string>) => Promise<Stream>][] = [
  ['server-sent events', async (headers) => openEvents(await streams.readEvents(headers))],
  ['a WebSocket', async (headers) => openSocket(streams.openSocket(headers))],
]

async function openEvents(response: IncomingMessage): Promise<Stream> {
  const end = once(response, 'close')
  const [hello] = await once(response.setEncoding('utf8'), 'data')
  return { hello, isOpen: () => !response.complete, leave: () => response.destroy(), end }
}

async function openSocket(socket: WebSocket): Promise<Stream> {
  const end = once(socket, 'close').then(([code]) => code)
  const [hello] = await once(socket, 'message')
  return {
    hello: String(hello),
    isOpen: () => socket.readyState === socket.OPEN,
    leave: () => socket.terminate(),
    end,
  }
}

/** Waits until everything sent on loopback has arrived. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}

describe.each(kinds)('%s', (name, open) => {
  test(`streams: ${name} stay open while the token is good, and end within a second of its expiry`, async () => {
    const { headers } = await streams.credentials()
    const stream = await open(headers)
    expect(stream.hello).toContain('hello travel-7')
    streams.issuer.clock.advance(299)
    await vi.advanceTimersByTimeAsync(1_000)
    await settle()
    expect(stream.isOpen()).toBe(true)
    streams.issuer.clock.advance(1)
    await vi.advanceTimersByTimeAsync(1_000)
    await stream.end
  })

  test(`streams: ${name} end within a second of the token’s revocation`, async () => {
    const revoked = new Set<string>()
    streams.revoked = ({ tokenId }) => revoked.has(tokenId)
    const [one, other] = [await streams.credentials(), await streams.credentials()]
    const [stream, unharmed] = [await open(one.headers), await open(other.headers)]
    await vi.advanceTimersByTimeAsync(1_000)
    await settle()
    expect([stream.isOpen(), unharmed.isOpen()]).toEqual([true, true])
    revoked.add(tokenIdOf(one.token))
    await vi.advanceTimersByTimeAsync(1_000)
    await stream.end
    await settle()
    expect(unharmed.isOpen()).toBe(true)
  })

  test(`streams: ${name} opened in the seconds past the token’s end do not stay`, async () => {
    const { token } = await streams.credentials()
    streams.issuer.clock.advance(302)
    const stream = await open(await streams.headersFor(token))
    await stream.end
  })

  test(`streams: ${name} of one token may be many, and Node warns of no leak`, async () => {
    const warnings: Error[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    const { token } = await streams.credentials()
    const all = await Promise.all(Array.from({ length: 20 }, async () => open(await streams.headersFor(token))))
    streams.issuer.clock.advance(300)
    await vi.advanceTimersByTimeAsync(1_000)
    await Promise.all(all.map(({ end }) => end))
    process.off('warning', listen)
    expect(warnings).toEqual([])
  })

  test(`streams: ${name} that the client left are forgotten`, async () => {
    const { token } = await streams.credentials()
    const view = requestView({ url: streams.url, headers: await streams.headersFor(token) })
    const lease = streams.verifier.lease(await streams.verifier.verify(view))
    const stream = await open(await streams.headersFor(token))
    expect(getEventListeners(lease, 'abort')).toHaveLength(1)
    stream.leave()
    await expect.poll(() => getEventListeners(lease, 'abort'), { timeout: 5_000 }).toHaveLength(0)
  })
})

test('streams: server-sent events of a client that left while it was judged leave nothing behind', async () => {
  const { token } = await streams.credentials()
  const view = requestView({ url: streams.url, headers: await streams.headersFor(token) })
  const lease = streams.verifier.lease(await streams.verifier.verify(view))
  const { asked, answer } = holdRevocation()
  const arrived = once(streams.server, 'request')
  const leaving = streams.readEvents(await streams.headersFor(token))
  leaving.catch(() => {})
  const [, response] = (await arrived) as [unknown, ServerResponse]
  await asked
  const left = once(response, 'close')
  response.req.socket.destroy()
  await left
  streams.revoked = () => false
  answer(false)
  await settle()
  expect(getEventListeners(lease, 'abort')).toHaveLength(0)
})

test('streams: without the scope there are no events', async () => {
  const { headers } = await streams.credentials(['other'])
  const response = await streams.readEvents(headers)
  expect(response.statusCode).toBe(403)
  response.resume()
})

test('RFC 6455 §7.4.1: the WebSocket is closed for policy, and a client that does not answer is cut off', async () => {
  const { headers } = await streams.credentials()
  const polite = await openSocket(streams.openSocket(headers))
  const { token } = await streams.credentials()
  const mute = await streams.sendUpgrade(await streams.headersFor(token))
  await once(mute, 'data')
  streams.issuer.clock.advance(300)
  await vi.advanceTimersByTimeAsync(500)
  expect(await polite.end).toBe(1008)
  await settle()
  expect(mute.readyState).toBe('open')
  const closed = once(mute, 'close')
  await vi.advanceTimersByTimeAsync(500)
  await closed
})

test.each([
  ['without credentials', async () => ({}), 401, 'credentials_missing', /^WWW-Authenticate: Bearer\b.*, DPoP /m],
  [
    'without the scope',
    async () => (await streams.credentials(['other'])).headers,
    403,
    'scope_missing',
    /^WWW-Authenticate: DPoP /m,
  ],
] as const)(
  'streams: an upgrade %s is refused on the socket, which is then destroyed',
  async (_title, make, status, code, challenge) => {
    const serverSide = once(streams.server, 'upgrade')
    const socket = await streams.sendUpgrade(await make())
    const answer = await readAll(socket)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(head).toMatch(challenge)
    expect(head).toMatch(/^Connection: close\r?$/m)
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`)
    expect(JSON.parse(body)).toMatchObject({ status, code })
    const [, socketThere] = (await serverSide) as [unknown, Socket]
    await expect.poll(() => socketThere.destroyed, { timeout: 5_000 }).toBe(true)
  },
)

test('RFC 9449 §11.1: an upgrade uses up its proof', async () => {
  const { headers } = await streams.credentials()
  await openSocket(streams.openSocket(headers))
  expect(await readAll(await streams.sendUpgrade(headers))).toContain('proof_replayed')
})

test.each(['reset', 'closed'])(
  'streams: a connection %s during an asynchronous check ends nothing but itself',
  async (how) => {
    const { asked, answer } = holdRevocation()
    const { headers } = await streams.credentials()
    const upgraded = once(streams.server, 'upgrade')
    const client = await streams.sendUpgrade(headers)
    const [, there] = (await upgraded) as [unknown, Socket]
    await asked
    if (how === 'reset') client.resetAndDestroy()
    else client.destroy()
    await settle()
    answer(false)
    await settle()
    await expect.poll(() => there.destroyed, { timeout: 5_000 }).toBe(true)
    streams.revoked = () => false
    expect((await openSocket(streams.openSocket((await streams.credentials()).headers))).hello).toBe('hello travel-7')
  },
)

test('RFC 6455 §5.1: a malformed frame ends its connection, not the process', async () => {
  const socket = await streams.sendUpgrade((await streams.credentials()).headers)
  await once(socket, 'data')
  const closed = once(socket, 'close')
  // Unmasked, and with reserved bits.
  socket.write(Buffer.from([0xff, 0x01, 0x00]))
  socket.resume()
  await closed
  expect((await openSocket(streams.openSocket((await streams.credentials()).headers))).hello).toBe('hello travel-7')
})

/** The revocation source of the next request waits for an answer of the test. */
function holdRevocation(): { asked: Promise<void>; answer(isRevoked: boolean): void } {
  let answer: (isRevoked: boolean) => void = () => {}
  const asked = new Promise<void>((resolve) => {
    streams.revoked = () => {
      resolve()
      return new Promise((settled) => {
        answer = settled
      })
    }
  })
  return { asked, answer: (isRevoked) => answer(isRevoked) }
}

function tokenIdOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return text
}

/** The example, served on loopback, on a clock that stands still. */
interface Streams {
  readonly issuer: TestIssuer
  readonly verifier: Verifier
  readonly server: Server
  /** Where the streams are, as clients are told. */
  readonly url: string
  /** What the revocation source answers. */
  revoked(query: RevocationQuery): boolean | Promise<boolean>
  /** A token and the headers of a request with it. */
  credentials(scopes?: readonly string[]): Promise<Credentials>
  headersFor(token: string): Promise<Record<string, string>>
  readEvents(headers: Record<string, string>): Promise<IncomingMessage>
  openSocket(headers: Record<string, string>): WebSocket
  /** A TCP connection that has sent an upgrade request, and does nothing by itself. */
  sendUpgrade(headers: Record<string, string>): Promise<Socket>
  close(): void
}

interface Credentials {
  readonly token: string
  readonly headers: Record<string, string>
}

async function setUpStreams(): Promise<Streams> {
  const revocation = { isRevoked: (query: RevocationQuery) => streams.revoked(query) }
  const {
    issuer,
    agent,
    verifier,
    token: createToken,
  } = await createKit({
    verifier: { revocation },
    token: { human: 'alice' },
  })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  addStreams(server, verifier)
  const { port } = server.address() as AddressInfo
  const streams: Streams = {
    issuer,
    verifier,
    server,
    url,
    revoked: () => false,
    async credentials(scopes = ['events:read']) {
      const token = await createToken({ scopes })
      return { token, headers: await headersFor(agent, token) }
    },
    headersFor: (token) => headersFor(agent, token),
    async readEvents(headers) {
      const [response] = await once(get({ host: '127.0.0.1', port, path: '/events', headers }), 'response')
      return response as IncomingMessage
    },
    openSocket: (headers) => new WebSocket(`ws://127.0.0.1:${port}/events`, { headers }),
    async sendUpgrade(headers) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      const fields = Object.entries({ ...upgrade, ...headers }).map(([name, value]) => `${name}: ${value}`)
      socket.write(`${['GET /events HTTP/1.1', ...fields].join('\r\n')}\r\n\r\n`)
      return socket
    },
    close() {
      void verifier.close()
      server.closeAllConnections()
      server.close()
    },
  }
  return streams
}

const upgrade = {
  Host: 'api.example.test',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

function headersFor(agent: TestAgent, token: string): Promise<Record<string, string>> {
  return agent.headers('GET', url, token)
}
