import type { IncomingMessage } from 'node:http'
import { type Context, errors, type Provider } from 'oidc-provider'
import type { GuessLimit } from './guess-limit.ts'
import { html, layOut, pageHeaders } from './pages/layout.ts'
import { deviceGrant } from './registration.ts'
import { markSecure } from './session.ts'

/** Seconds. Assertions are remembered until they end, so their end must be near. */
const maxAssertionSeconds = 300

/** oidc-provider finds it in any case of letters, and with a slash at the end. */
const devicePage = /^\/device\/?$/i

/** What oidc-provider leaves open, and this issuer has no use for. */
export const closedFeatures = {
  devInteractions: { enabled: false },
  // A page that loads fonts from elsewhere, without our headers.
  rpInitiatedLogout: { enabled: false },
  // Its tokens have no audience.
  userinfo: { enabled: false },
} as const

export const strictChecks: Readonly<Record<string, unknown>> = {
  // RFC 9700 §2.1: compared as it is, so it has to be there.
  allowOmittingSingleRegisteredRedirectUri: false,
  // Agents and APIs are no pages.
  clientBasedCORS: () => false,
  assertJwtClientAuthClaimsAndHeader: checkAssertion,
}

/** RFC 8707 §2: a token is for one API. Without a resource it would be opaque, for any API that can introspect. */
export function requireResource(_context: Context, _client: object, oneOf?: readonly string[]): readonly string[] {
  if (oneOf !== undefined) return oneOf
  throw new errors.InvalidTarget('name the API that the token is for by resource')
}

/** RFC 7523 §3 (3): an assertion that names an endpoint could have been meant for another server that gave it out as its own. */
function checkAssertion({ oidc: { provider } }: Context, claims: { aud?: unknown; exp?: unknown }): void {
  if (claims.aud !== provider.issuer) throw new errors.InvalidClientAuth('aud must be the issuer and nothing else')
  if (Number(claims.exp) - Date.now() / 1_000 > maxAssertionSeconds) {
    throw new errors.InvalidClientAuth('exp is too far away')
  }
}

export interface HardeningSettings {
  readonly guesses: GuessLimit
  /** Whose request it is; behind a proxy the socket does not say. */
  readonly addressOf: (request: IncomingMessage) => string
}

export function addHardening(provider: Provider, { guesses, addressOf }: HardeningSettings): void {
  provider.use(async (context, next) => {
    // Endpoints have the URLs of the issuer and not of the host that a request names: `htu` of a proof for another server would fit
    // otherwise, and metadata could be made to name other endpoints.
    Object.defineProperty(context.request, 'href', { value: provider.issuer })
    Object.defineProperty(context.request, 'ip', { value: addressOf(context.req) })
    markSecure(context, provider)
    if (devicePage.test(context.path)) await protectDevicePage(context, next)
    else await next()
    // What clients can register; see `checkMetadata`.
    if (context.oidc?.route === 'discovery')
      Object.assign(context.body as object, { response_modes_supported: ['query'] })
  })

  async function protectDevicePage(context: Context, next: () => Promise<void>): Promise<void> {
    for (const [name, value] of Object.entries(pageHeaders)) context.set(name, value)
    // For the page that oidc-provider sends itself. It adds the hash of its script to a policy that has `script-src`.
    context.set('content-security-policy', `${pageHeaders['content-security-policy']}; script-src`)
    const isGuess = context.method === 'POST'
    if (isGuess && guesses.isBlocked(context.ip)) {
      context.status = 429
      context.type = 'html'
      context.body = layOut(
        'Too many codes',
        html`<p role="alert">Too many codes were wrong. Try again in ten minutes.</p>`,
      )
      return
    }
    if (isGuess) guesses.note(context.ip)
    await next()
    if (isGuess && context.oidc?.entities.DeviceCode !== undefined) guesses.pardon(context.ip)
  }
}

/** To be added last, so that it comes before what is written down of an answer. */
export function addErrorCorrections(provider: Provider): void {
  provider.use(async (context, next) => {
    await next()
    if (context.oidc?.route === 'token') correctError(context, context.oidc.params?.['grant_type'])
    if (context.oidc?.route === 'device_authorization') correctError(context, deviceGrant)
  })
}

/** RFC 6749 §5.2: a grant type that the client has not registered; oidc-provider calls the request malformed. */
function correctError({ oidc, body }: Context, type: string | undefined): void {
  const { Client: client } = oidc.entities
  if (client === undefined || type === undefined || (body as { error?: unknown }).error !== 'invalid_request') return
  const types = client.metadata()['grant_types'] as readonly string[]
  if (!types.includes(type)) Object.assign(body as object, { error: 'unauthorized_client' })
}
