import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Http2Server } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { AppSpec } from '../app.ts'

/** The server of an app, with TLS or without, not listening yet. */
export function serverFor({ tls, isServerless }: AppSpec, listener: RequestListener): Server {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (isServerless) joinFields(request)
    listener(request, response)
  }
  if (tls === undefined) return createServer(handle)
  const { key, certificate: cert } = tls
  // RFC 8705 §2.2: no chain is validated; the certificate is known by its thumbprint.
  return createTlsServer({ key, cert, requestCert: true, rejectUnauthorized: false }, handle)
}

/** As serverless hosts do it: every repeated field joined, no raw lines. */
export function joinFields({ rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>): void {
  const joined = new Map<string, string>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = String(rawHeaders[at]).toLowerCase()
    const value = String(rawHeaders[at + 1])
    if (!name.startsWith(':')) joined.set(name, joined.has(name) ? `${joined.get(name)}, ${value}` : value)
  }
  for (const [name, value] of joined) headers[name] = value
  rawHeaders.length = 0
}

export async function listen(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export async function shut(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
