import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createVerifier, type RevocationQuery, type Verifier } from 'onbehalf'
import { createTestIssuer, type TestAgent, type TestIssuer } from 'onbehalf/testing'
import { WebSocket } from 'ws'
import { addStreams } from '../../examples/streams/app.ts'

const resource = 'https://api.example.test'
const url = `${resource}/events`

/** The example, served on loopback, on a clock that stands still. */
export interface Streams {
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

export async function setUpStreams(): Promise<Streams> {
  const issuer = await createTestIssuer({ resource })
  const agent = await issuer.agent('travel-7')
  const verifier = createVerifier({
    issuer: issuer.options,
    resource,
    clock: issuer.clock,
    revocation: { isRevoked: (query) => streams.revoked(query) },
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
      const token = await issuer.token({ agent, human: 'alice', scopes })
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
