import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { AuditSink } from 'onbehalf'
import { type AgentIssuer, createIssuer, type IssuerSettings } from './issuer.ts'

export interface ServerSettings extends Omit<IssuerSettings, 'issuer' | 'secureOrigin'> {
  /** 0 lets the operating system choose. */
  readonly port?: number | undefined
  /** Its own name where a proxy that terminates TLS stands before it: `https`, a host, no path. Default: its address. */
  readonly issuer?: string | undefined
  /** Where that proxy, or another, leads to the port of `tls`. It must pass TLS through. Default: its address. */
  readonly secureOrigin?: string | undefined
  /** A second port for clients that authenticate with a certificate (RFC 8705). */
  readonly tls?: { readonly key: string; readonly cert: string; readonly port?: number | undefined } | undefined
  readonly audit?: AuditSink
}

export interface RunningIssuer extends AgentIssuer {
  readonly issuer: string
  /** Where it listens. */
  readonly address: string
  /** Where clients with a certificate send token requests. */
  readonly secureOrigin: string | undefined
  close(): Promise<void>
}

/**
 * The issuer on loopback, where it speaks http. Anywhere else RFC 8414 §2 and RFC 6749 §3.2 ask for https: a proxy that
 * terminates TLS stands before the first port.
 */
export async function startIssuer(settings: ServerSettings): Promise<RunningIssuer> {
  const servers: Server[] = []
  try {
    return await startOn(servers, settings)
  } catch (error) {
    await Promise.all(servers.map(stop))
    throw error
  }
}

async function startOn(servers: Server[], settings: ServerSettings): Promise<RunningIssuer> {
  const name = settings.issuer
  if (name !== undefined && (!URL.canParse(name) || new URL(name).origin !== name)) {
    throw new Error('An issuer has a scheme and a host as its name here, and no path')
  }
  const plain = createServer()
  const address = `http://127.0.0.1:${await listen(plain, settings.port)}`
  servers.push(plain)
  const issuer = name ?? address
  // requestCert without a CA: RFC 8705 §2.2 trusts the registered certificate, not a chain.
  const tls = settings.tls && createTlsServer({ ...settings.tls, requestCert: true, rejectUnauthorized: false })
  const secureAddress = tls && `https://127.0.0.1:${await listen(tls, settings.tls?.port)}`
  if (tls !== undefined) servers.push(tls)
  const secureOrigin = tls && (settings.secureOrigin ?? secureAddress)

  const agentIssuer = await createIssuer({ ...settings, issuer, secureOrigin })
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    agentIssuer.handle(request, response).catch((error) => {
      console.error(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
  for (const server of servers) server.on('request', answer)
  return {
    ...agentIssuer,
    issuer,
    address,
    secureOrigin,
    async close() {
      agentIssuer.end()
      await Promise.all(servers.map(stop))
    },
  }
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function stop(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
