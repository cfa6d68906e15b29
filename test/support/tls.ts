/** An API on mutual TLS, and connections to it that stay open. */
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import express from 'express'
import type { VerifierOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { onTestFinished } from 'vitest'
import { createKit, type Kit } from './kit.ts'

export const versions = ['TLSv1.2', 'TLSv1.3'] as const
export type TlsVersion = (typeof versions)[number]

/** The agent holds a certificate and a proof key. */
export interface TlsKit extends Kit {
  readonly server: TestCertificate
  /** The agent's. */
  readonly own: TestCertificate
  readonly other: TestCertificate
}

export async function createTlsKit(): Promise<TlsKit> {
  const kit = await createKit({ agent: { certificate: true } })
  const [server, other] = await Promise.all([
    createTestCertificate({ commonName: 'api.example.test', hosts: ['127.0.0.1'] }),
    createTestCertificate({ commonName: 'someone-else' }),
  ])
  const own = kit.agent.certificate
  if (own === undefined) throw new Error('The agent has no certificate.')
  return { ...kit, server, own, other }
}

export interface Answer {
  readonly status: number
  readonly body: { readonly code?: string; readonly method?: string; readonly x5t?: string; readonly jkt?: string }
  readonly challenge: string
}

export interface TlsApi {
  /** Opens a connection. The server asks for a certificate and accepts any. */
  open(certificate: TestCertificate | undefined, more?: ConnectionOptions): Promise<TLSSocket>
  /** One request on that connection, which stays open. */
  ask(socket: TLSSocket, headers: Record<string, string>, path?: string): Promise<Answer>
}

/** Serves as a resource server of RFC 8705 does: it validates no certificate chain (§6.2). */
export async function serveTls(kit: TlsKit, version: TlsVersion, more: Partial<VerifierOptions> = {}): Promise<TlsApi> {
  const app = express()
  app.use(agentAuth({ ...kit.options, ...more }))
  app.use((req, res) => void res.json(req.agentContext.sender))
  const server = createServer(
    {
      key: kit.server.key,
      cert: kit.server.certificate,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
    },
    app,
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { open: (certificate, options) => open(port, kit, certificate, options), ask }
}

function open(
  port: number,
  { server }: TlsKit,
  certificate: TestCertificate | undefined,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const identity = certificate && { key: certificate.key, cert: certificate.certificate }
    const socket = connect({ host: '127.0.0.1', port, ca: [server.certificate], ...identity, ...more })
    socket.once('error', reject)
    socket.once('secureConnect', () => resolve(socket))
    onTestFinished(() => void socket.destroy())
  })
}

function ask(socket: TLSSocket, headers: Record<string, string>, path = '/tools'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const keepAlive = { connection: 'keep-alive', host: 'api.example.test', ...headers }
    const outgoing = request({ createConnection: () => socket, path, headers: keepAlive }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Answer['body']
        resolve({ status, body, challenge: headers['www-authenticate'] ?? '' })
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
