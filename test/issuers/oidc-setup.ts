/** On loopback: oidc-provider with its defaults, an API that trusts it, and the browser of a user who signs in. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import express, { type Express } from 'express'
import { Provider, type ResourceServer } from 'oidc-provider'
import type { IssuerOptions } from 'onbehalf'
import { agentAuth } from 'onbehalf/express'
import type { TestCertificate } from 'onbehalf/testing'
import { memorySink } from '../support/audit.ts'

export const client = { id: 'travel-app', secret: 'a secret of the tests, long enough for it' } as const
/** Its tokens are bound to the certificate of its connection (RFC 8705 §3.4). */
export const auditor = { id: 'auditor', secret: 'another secret of the tests, as long as the first' } as const
export const callback = 'https://app.example.test/callback'

/** The API itself, as it authenticates at the introspection endpoint. */
export const introspector = {
  id: 'tools-api',
  secret: 'a third one, of the API: with signs + that % need coding',
} as const

export interface RunningProvider {
  readonly issuer: string
  close(): void
}

export interface ProviderSettings {
  readonly resourceServer?: Partial<ResourceServer>
  /** It takes no proof without a nonce of its own. */
  readonly requireNonce?: boolean
  readonly extraTokenClaims?: (ctx: unknown, token: { readonly kind: string; readonly clientId: string }) => object
}

/**
 * Features that are off by default are switched on, and nothing else is told but what has no default: the clients, the
 * resource and, for mutual TLS, where a certificate is found. Accounts, lifetimes, signing key, storage and the pages for
 * signing in are the package's own.
 */
export async function startProvider(
  certificate: TestCertificate,
  { resourceServer, extraTokenClaims, requireNonce = false }: ProviderSettings = {},
): Promise<RunningProvider> {
  const [plain, secure] = [createServer(), createSecureServer(certificate)]
  const issuer = `http://127.0.0.1:${await listen(plain)}`
  const secureOrigin = `https://127.0.0.1:${await listen(secure)}`
  const grants = ['authorization_code', 'client_credentials', 'refresh_token', deviceGrant]
  const provider = new Provider(issuer, {
    clients: [
      { client_id: client.id, client_secret: client.secret, grant_types: grants, redirect_uris: [callback] },
      {
        client_id: auditor.id,
        client_secret: auditor.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        tls_client_certificate_bound_access_tokens: true,
      },
      {
        client_id: introspector.id,
        client_secret: introspector.secret,
        grant_types: [],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ...(extraTokenClaims && { extraTokenClaims }),
    // RFC 8705 §5: without a certificate, clients use the endpoints of the issuer itself.
    discovery: { mtls_endpoint_aliases: { token_endpoint: `${secureOrigin}/token` } },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      dPoP: { enabled: true, ...(requireNonce && { nonceSecret: randomBytes(32), requireNonce: () => true }) },
      introspection: { enabled: true },
      revocation: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: ({ socket }: { socket: Socket }) =>
          socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: 'tools:read', accessTokenFormat: 'jwt', ...resourceServer }),
      },
    },
  })
  for (const server of [plain, secure]) server.on('request', provider.callback())
  return { issuer, close: () => closeAll([plain, secure]) }
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

export interface Api {
  /** What tokens for it name as audience. */
  readonly resource: string
  /** Puts a new `agentAuth` before it, which trusts one issuer, and forgets the former one. */
  trust(issuer: IssuerOptions): void
  /** The option that would have admitted the latest request. */
  hint(): string | undefined
  close(): void
}

/** An API that answers what it knows of the caller. With a certificate it asks clients for theirs. */
export async function startApi(certificate?: TestCertificate): Promise<Api> {
  const server = certificate === undefined ? createServer() : createSecureServer(certificate)
  const port = await listen(server)
  const resource = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  let app: Express = express()
  let sink = memorySink()
  server.on('request', (request, response) => void app(request, response))
  return {
    resource,
    trust(issuer) {
      sink = memorySink()
      app = express()
      app.use(agentAuth({ issuer, resource, audit: sink }))
      app.use(({ agentContext: { principal, actor, authority, client, scopes, sender, warnings } }, response) => {
        const parties = { subject: principal.subject, isActor: actor === principal, authority, client: client?.id }
        response.json({ ...parties, scopes, method: sender.method, warnings })
      })
    },
    hint: () => sink.events.at(-1)?.facts?.hint,
    close: () => closeAll([server]),
  }
}

/** As a resource server of RFC 8705 §6.2 does, it validates no chain. */
function createSecureServer({ key, certificate }: TestCertificate): Server {
  return createTlsServer({ key, cert: certificate, requestCert: true, rejectUnauthorized: false })
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
}

/**
 * The browser of alice: it follows redirects, keeps cookies, and submits the first form of each page. Returns where it is
 * sent off to: undefined where it ends on a page without a form.
 */
export async function browse(start: URL): Promise<URL | undefined> {
  const cookies = new Map<string, string>()
  let url = start
  let body: URLSearchParams | undefined
  for (let step = 0; step < 20; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const method = body === undefined ? 'GET' : 'POST'
    const response = await fetch(url, { method, body: body ?? null, headers: { cookie }, redirect: 'manual' })
    keepCookies(cookies, response)
    const location = response.headers.get('location')
    const form = location === null ? readForm(await response.text()) : undefined
    if (location === null && form === undefined) return undefined
    url = new URL(location ?? form?.action ?? '', url)
    body = form?.fields
    if (url.origin !== start.origin) return url
  }
  throw new Error('The browser is led in a circle.')
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
}

function readForm(page: string): { action: string; fields: URLSearchParams } | undefined {
  const form = /<form\b[^>]*\baction="([^"]*)"[^>]*>(.*?)<\/form>/s.exec(page)
  if (form === null) return undefined
  const [, action = '', inside = ''] = form
  const fields = new URLSearchParams()
  for (const [input] of inside.matchAll(/<input\b[^>]*>/g)) {
    const name = / name="([^"]*)"/.exec(input)?.[1] ?? ''
    fields.set(name, / value="([^"]*)"/.exec(input)?.[1] ?? answers[name] ?? '')
  }
  return { action, fields }
}

const answers: Readonly<Record<string, string>> = { login: 'alice', password: 'any' }
