import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Adapter, type Client, type Context, Provider, type Token } from 'oidc-provider'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { type DetailSettings, detailFeature } from './authorization-details.ts'
import { claimsOf, type Exchanged, maxTokenSeconds, type SignedClaims } from './claims.ts'
import type { DialectName } from './dialects/index.ts'
import { grantOf, lifetimeWithin } from './grants.ts'
import { addHardening, closedFeatures, type HardeningSettings, requireResource, strictChecks } from './hardening.ts'
import type { Invitations } from './invitations.ts'
import { devicePages } from './pages/device.ts'
import { errorPage } from './pages/error.ts'
import type { People } from './people.ts'
import { checkMetadata, rightsMembers } from './registration.ts'
import { sessionCookie, sessionSeconds } from './session.ts'
import type { SigningKeys } from './signing-keys.ts'
import { writeOrRefuse } from './write-token.ts'

export interface ProviderSettings extends HardeningSettings {
  readonly issuer: string
  /** Where clients with certificates send their requests (RFC 8705 §5). */
  readonly secureOrigin: string | undefined
  readonly keys: SigningKeys
  /** Where models of a kind are kept. */
  readonly adapter: (kind: string) => Adapter
  readonly people: People
  readonly invitations: Invitations
  readonly scopes: readonly string[]
  readonly details: DetailSettings
  readonly resourceServer: (resource: string, client: Client) => object
  readonly secrets: { readonly cookies: string; readonly nonces: Buffer }
  readonly dialect: DialectName
  readonly exchangedOf: (context: Context) => Exchanged | undefined
  /** Called with what a token says, before it is signed. */
  readonly onClaims: (context: Context, claims: ActorProfileClaims, written: Record<string, unknown>) => void
}

/** The whole configuration of oidc-provider. */
export function createProvider(settings: ProviderSettings): Provider {
  const { issuer, secureOrigin, people, invitations } = settings
  const provider = new Provider(issuer, {
    ...strictChecks,
    adapter: settings.adapter,
    jwks: settings.keys.jwks,
    scopes: ['openid', ...settings.scopes],
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: ['private_key_jwt', ...(secureOrigin === undefined ? [] : ['self_signed_tls_client_auth'])],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'Ed25519'],
      dPoPSigningAlgValues: ['ES256', 'Ed25519'],
      idTokenSigningAlgValues: ['ES256'],
    },
    clientDefaults: {
      id_token_signed_response_alg: 'ES256',
      response_types: [],
      response_modes: ['query'],
      redirect_uris: [],
    },
    extraClientMetadata: { properties: [...rightsMembers], validator: checkMetadata },
    cookies: {
      keys: [settings.secrets.cookies],
      long: sessionCookie,
      short: sessionCookie,
    },
    ttl: {
      AccessToken: (context: Context) => lifetimeWithin(context),
      ClientCredentials: maxTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: maxTokenSeconds,
      Interaction: 600,
      Session: sessionSeconds,
    },
    // No refresh tokens, because there is no scope offline_access: agents ask anew, and their authority is judged anew.
    expiresWithSession: () => false,
    loadExistingGrant: ({ oidc }: Context) => grantOf(oidc),
    findAccount: (_context: Context, id: string) => {
      const person = people.find(id)
      return person && { accountId: id, claims: () => ({ sub: id, name: person.name }) }
    },
    formats: { customizers: { jwt: (context: Context, token: Token, jwt: SignedJwt) => write(context, token, jwt) } },
    renderError: errorPage,
    interactions: { url: (_context: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    routes,
    ...(secureOrigin !== undefined && {
      discovery: { mtls_endpoint_aliases: aliasesAt(secureOrigin) },
    }),
    features: {
      ...closedFeatures,
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true, ...devicePages },
      dPoP: { enabled: true, nonceSecret: settings.secrets.nonces, requireNonce: () => true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      registration: {
        enabled: true,
        initialAccessToken: true,
        policies: { rights: invitations.applyRights },
      },
      registrationManagement: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: requireResource,
        getResourceServerInfo: (_context: Context, resource: string, client: Client) =>
          settings.resourceServer(resource, client),
      },
      richAuthorizationRequests: detailFeature(settings.details),
      mTLS: {
        enabled: secureOrigin !== undefined,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        getCertificate: ({ socket }: { socket: Socket }) => certificateOf(socket),
      },
    },
  })
  addHardening(provider, settings)
  return provider

  async function write(context: Context, token: Token, jwt: SignedJwt): Promise<void> {
    const claims = claimsOf(context, token, jwt.payload as unknown as SignedClaims, settings.exchangedOf(context))
    // What the issuer itself reads stays as it is.
    const isForIssuer = claims.aud === issuer || claims.aud.startsWith(`${issuer}/`)
    const written = writeOrRefuse(isForIssuer ? 'actor-profile' : settings.dialect, claims)
    settings.onClaims(context, claims, written.claims)
    jwt.payload = written.claims
    // oidc-provider signs nothing without an audience. It finds this one, which is not written into the token.
    if (jwt.payload['aud'] === undefined)
      Object.defineProperty(jwt.payload, 'aud', { value: claims.aud, writable: true })
    jwt.header = { typ: written.typ }
  }
}

const routes = {
  token: '/token',
  device_authorization: '/device/auth',
  pushed_authorization_request: '/request',
  introspection: '/token/introspection',
  revocation: '/token/revocation',
}

/** RFC 8705 §5: every endpoint at which a client authenticates. */
function aliasesAt(origin: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(routes).map(([name, path]) => [`${name}_endpoint`, `${origin}${path}`]))
}

interface SignedJwt {
  payload: Record<string, unknown>
  header: Record<string, unknown> | undefined
}

/** Node proves with the handshake that the client holds its key. */
function certificateOf(socket: Socket): unknown {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}
