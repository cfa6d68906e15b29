import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Context, errors, Provider, type Token } from 'oidc-provider'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { claimsOf, type Exchanged, maxTokenSeconds, type SignedClaims } from './claims.ts'
import { type DialectName, NotIssuedError, type WrittenToken, writeAs } from './dialects/index.ts'
import type { Invitations } from './invitations.ts'
import { devicePages } from './pages/device.ts'
import { errorPage } from './pages/error.ts'
import type { People } from './people.ts'
import { checkMetadata, rightsMembers } from './registration.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Storage } from './storage.ts'

export interface ProviderSettings {
  readonly issuer: string
  /** Where clients with certificates send their requests (RFC 8705 §5). */
  readonly secureOrigin: string | undefined
  readonly keys: SigningKeys
  readonly storage: Storage
  readonly people: People
  readonly invitations: Invitations
  readonly scopes: readonly string[]
  readonly resourceServer: (resource: string) => object
  readonly secrets: { readonly cookies: string; readonly nonces: Buffer }
  readonly dialect: DialectName
  readonly exchangedOf: (context: Context) => Exchanged | undefined
  /** Called with what a token says, before it is signed. */
  readonly onClaims: (context: Context, claims: ActorProfileClaims, written: Record<string, unknown>) => void
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** The whole configuration of oidc-provider. */
export function createProvider(settings: ProviderSettings): Provider {
  const { issuer, secureOrigin, people, invitations } = settings
  return new Provider(issuer, {
    adapter: (kind: string) => settings.storage.adapter(kind),
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
    clientDefaults: { id_token_signed_response_alg: 'ES256', response_types: [], redirect_uris: [] },
    extraClientMetadata: { properties: [...rightsMembers], validator: checkMetadata },
    cookies: {
      keys: [settings.secrets.cookies],
      long: { signed: true, httpOnly: true, sameSite: 'lax' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: (context: Context) => lifetimeWithin(context),
      ClientCredentials: maxTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: maxTokenSeconds,
      Interaction: 600,
      Session: 3_600,
    },
    // Agents ask anew: their authority is then judged anew.
    issueRefreshToken: () => false,
    expiresWithSession: () => false,
    findAccount: (_context: Context, id: string) => {
      const person = people.find(id)
      return person && { accountId: id, claims: () => ({ sub: id, name: person.name }) }
    },
    formats: { customizers: { jwt: (context: Context, token: Token, jwt: SignedJwt) => write(context, token, jwt) } },
    renderError: errorPage,
    interactions: { url: (_context: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    routes: { introspection: '/token/introspection', revocation: '/token/revocation' },
    ...(secureOrigin !== undefined && {
      discovery: { mtls_endpoint_aliases: { token_endpoint: `${secureOrigin}/token` } },
    }),
    features: {
      devInteractions: { enabled: false },
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
        getResourceServerInfo: (_context: Context, resource: string) => settings.resourceServer(resource),
      },
      mTLS: {
        enabled: secureOrigin !== undefined,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        getCertificate: ({ socket }: { socket: Socket }) => certificateOf(socket),
      },
    },
  })

  async function write(context: Context, token: Token, jwt: SignedJwt): Promise<void> {
    const claims = claimsOf(context, token, jwt.payload as unknown as SignedClaims, settings.exchangedOf(context))
    // What the issuer itself reads stays as it is.
    const written = writeOrRefuse(claims.aud.startsWith(issuer) ? 'actor-profile' : settings.dialect, claims)
    settings.onClaims(context, claims, written.claims)
    jwt.payload = written.claims
    // oidc-provider signs nothing without an audience. It finds this one, which is not written into the token.
    if (jwt.payload['aud'] === undefined)
      Object.defineProperty(jwt.payload, 'aud', { value: claims.aud, writable: true })
    jwt.header = { typ: written.typ }
  }
}

function writeOrRefuse(dialect: DialectName, claims: ActorProfileClaims): WrittenToken {
  try {
    return writeAs(dialect, claims)
  } catch (error) {
    if (error instanceof NotIssuedError) throw new errors.InvalidRequest('this dialect has no such token')
    throw error
  }
}

interface SignedJwt {
  payload: Record<string, unknown>
  header: Record<string, unknown> | undefined
}

/** A token ends with the consent behind it. */
function lifetimeWithin({ oidc }: Context): number {
  const end = oidc.entities.Grant?.exp
  const left = end === undefined ? maxTokenSeconds : end - Math.floor(Date.now() / 1_000)
  return Math.max(1, Math.min(maxTokenSeconds, left))
}

/** Node proves with the handshake that the client holds its key. */
function certificateOf(socket: Socket): unknown {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}
