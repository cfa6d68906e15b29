import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { createMetadata } from './metadata.ts'
import { OAuthError } from './oauth-error.ts'
import type { RegisteredClient, Registry } from './registry.ts'
import { createTokenEndpoint } from './token-endpoint.ts'
import { type AccessTokenClaims, createTokenSigner } from './tokens.ts'

export interface IssuerSettings {
  readonly registry: Registry
  /** 0 lets the operating system choose. */
  readonly port?: number | undefined
  /** A second port for clients that authenticate with a certificate (RFC 8705). */
  readonly tls?: { readonly key: string; readonly cert: string; readonly port?: number | undefined } | undefined
  /** Longest chain of actors; APIs may accept less. */
  readonly maxDepth?: number | undefined
  /** Milliseconds since the epoch. */
  readonly clock?: (() => number) | undefined
  readonly onIssued?: ((client: RegisteredClient, claims: AccessTokenClaims) => void) | undefined
}

export interface RunningIssuer {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly mtlsTokenEndpoint: string | undefined
  close(): Promise<void>
}

/**
 * An authorization server for agents. It listens on loopback and speaks http there; anywhere else RFC 8414 §2 and RFC 6749 §3.2
 * ask for https, so a proxy that terminates TLS stands before the first port.
 */
export async function startIssuer(settings: IssuerSettings): Promise<RunningIssuer> {
  const clock = settings.clock ?? Date.now
  const now = (): number => Math.floor(clock() / 1_000)
  const plain = createServer()
  const issuer = `http://127.0.0.1:${await listen(plain, settings.port)}`
  // requestCert without a CA: RFC 8705 §2.2 trusts the registered thumbprint, not a chain.
  const tls = settings.tls && createTlsServer({ ...settings.tls, requestCert: true, rejectUnauthorized: false })
  const mtlsOrigin = tls && `https://127.0.0.1:${await listen(tls, settings.tls?.port)}`

  const tokenEndpoint = `${issuer}/token`
  const mtlsTokenEndpoint = mtlsOrigin && `${mtlsOrigin}/token`
  const signer = await createTokenSigner(issuer, now)
  const answerTokenRequest = createTokenEndpoint({
    issuer,
    endpoints: mtlsTokenEndpoint === undefined ? [tokenEndpoint] : [tokenEndpoint, mtlsTokenEndpoint],
    registry: settings.registry,
    signer,
    maxDepth: settings.maxDepth ?? 5,
    now,
    onIssued: settings.onIssued,
  })

  async function route(request: IncomingMessage, endpoint: string): Promise<unknown> {
    switch (`${request.method} ${request.url}`) {
      case 'GET /.well-known/oauth-authorization-server':
        return createMetadata({ issuer, tokenEndpoint, mtlsTokenEndpoint })
      case 'GET /jwks':
        return signer.jwks
      case 'POST /token':
        return answerTokenRequest({ request, endpoint, certificateThumbprint: readThumbprint(request) })
      default:
        throw new OAuthError('invalid_request', 'There is no such endpoint', 404)
    }
  }

  plain.on('request', (request, response) => void answer(response, route(request, tokenEndpoint)))
  tls?.on('request', (request, response) => void answer(response, route(request, mtlsTokenEndpoint ?? '')))

  return {
    issuer,
    tokenEndpoint,
    mtlsTokenEndpoint,
    async close() {
      await Promise.all([plain, ...(tls ? [tls] : [])].map(stop))
    },
  }
}

async function answer(response: ServerResponse, result: Promise<unknown>): Promise<void> {
  try {
    send(response, 200, await result)
  } catch (error) {
    if (error instanceof OAuthError) return send(response, error.status, error.toBody())
    console.error(error)
    send(response, 500, { error: 'server_error' })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  // RFC 6749 §5.1
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

/** RFC 8705 §3.1, of the certificate whose key the handshake proved. */
function readThumbprint(request: IncomingMessage): string | undefined {
  if (!(request.socket instanceof TLSSocket)) return undefined
  const certificate = request.socket.getPeerCertificate()
  // Node answers with an empty object where the client sent none.
  if (certificate.raw === undefined) return undefined
  return createHash('sha256').update(certificate.raw).digest('base64url')
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
