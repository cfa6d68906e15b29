import { type Context, errors, type Provider } from 'oidc-provider'

/** Seconds. Assertions are remembered until they end, so their end must be near. */
const maxAssertionSeconds = 300

/** What oidc-provider leaves open, and this issuer has no use for. */
export const closedFeatures = {
  devInteractions: { enabled: false },
  // A page that loads fonts from elsewhere, without our headers.
  rpInitiatedLogout: { enabled: false },
  // Its tokens have no audience.
  userinfo: { enabled: false },
} as const

export const strictChecks = {
  // RFC 9700 §2.1: compared as it is, so it has to be there.
  allowOmittingSingleRegisteredRedirectUri: false,
  // Agents and APIs are no pages.
  clientBasedCORS: (): boolean => false,
  assertJwtClientAuthClaimsAndHeader: checkAssertion,
} as const

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

/**
 * Endpoints have the URLs of the issuer, whatever host a request names: `htu` of a proof for another server would fit
 * otherwise, and metadata could be made to name other endpoints.
 */
export function pinUrls(provider: Provider): void {
  provider.use(async (context, next) => {
    Object.defineProperty(context.request, 'href', { value: provider.issuer })
    await next()
    if (context.oidc?.route === 'discovery') {
      // What clients can register; see `checkMetadata`.
      Object.assign(context.body as object, { response_modes_supported: ['query'] })
    }
  })
}
