import { type Client, type Context, errors } from 'oidc-provider'
import type { EntityProfile } from './actor-profile-claims.ts'
import { checkKeys, isName, isNames, isSafeRedirect, refused } from './metadata-values.ts'

/**
 * What this issuer keeps of a client beside RFC 7591 §2. Absent means no: a client may do what stands here and nothing else.
 */
export interface Rights {
  /** The person or team who answers for what this client does. */
  readonly owner: string
  readonly client_profile: Exclude<EntityProfile, 'user'> | 'web_app'
  /** Scopes it may ask for, separated by spaces. */
  readonly scope: string
  /** Resources that its tokens may be for. */
  readonly may_reach: readonly string[]
  /** Resources whose tokens it may exchange: those that its own callers send it. */
  readonly may_exchange?: readonly string[]
  /** Resources whose tokens it may introspect: its own, usually (RFC 7662 §2.1). */
  readonly may_introspect?: readonly string[]
  /** Types of authorization details that it may ask for (RFC 9396 §10). */
  readonly authorization_details_types?: readonly string[]
  /** Agents whose work it may take over. */
  readonly may_follow?: readonly string[]
  /** The agent that people who sign in at this application let act for them: `may_act` of their tokens (RFC 8693 §4.4). */
  readonly names_actor?: string
}

/** A client as the operator, or a registration, describes it: RFC 7591 §2 and {@link Rights}. */
export interface ClientMetadata extends Rights {
  readonly client_id: string
  readonly client_name?: string
  readonly grant_types: readonly string[]
  readonly token_endpoint_auth_method: 'private_key_jwt' | 'self_signed_tls_client_auth'
  readonly jwks: { readonly keys: readonly object[] }
  readonly redirect_uris?: readonly string[]
  readonly response_types?: readonly string[]
  readonly dpop_bound_access_tokens?: boolean
  readonly tls_client_certificate_bound_access_tokens?: boolean
}

/** Members that are ours. Each is checked by `checkMetadata`, also where it is absent. */
export const rightsMembers = [
  'owner',
  'client_profile',
  'may_reach',
  'may_exchange',
  'may_introspect',
  'may_follow',
  'names_actor',
] as const

export function rightsOf(client: Client): Rights {
  return client.metadata() as unknown as Rights
}

/** Throws `invalid_client_metadata` (RFC 7591 §3.2.2) unless this is a client with an owner, a key and no secret. */
export function checkMetadata(context: Context | undefined, member: string, value: unknown, metadata: unknown): void {
  switch (member) {
    case 'owner':
      if (!isName(value)) throw refused('owner must name who answers for the client')
      checkAsAWhole(context, metadata as Record<string, unknown>)
      return
    case 'client_profile':
      if (value !== 'ai_agent' && value !== 'service' && value !== 'web_app') {
        throw refused('client_profile must be ai_agent, service or web_app')
      }
      return
    case 'may_reach':
      if (!isNames(value)) throw refused('may_reach must list resources')
      return
    case 'names_actor':
      if (value !== undefined && !isName(value)) throw refused('names_actor must name a client')
      return
    default:
      if (value !== undefined && !isNames(value)) throw refused(`${member} must be a list of names`)
  }
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

const grantTypes = new Set([
  'authorization_code',
  'client_credentials',
  deviceGrant,
  'urn:ietf:params:oauth:grant-type:token-exchange',
])

/** Fetched by oidc-provider, or changed without its owner. */
const remoteMembers = ['jwks_uri', 'sector_identifier_uri']

function checkAsAWhole(context: Context | undefined, metadata: Record<string, unknown>): void {
  // oidc-provider leaves out a secret that the method does not need; a client that sent one is to hear of it.
  if (metadata['client_secret'] !== undefined || context?.oidc?.body?.['client_secret'] !== undefined) {
    throw refused('a client has keys and no secret')
  }
  const method = metadata['token_endpoint_auth_method']
  if (method !== 'private_key_jwt' && method !== 'self_signed_tls_client_auth') {
    throw refused('token_endpoint_auth_method must be private_key_jwt or self_signed_tls_client_auth')
  }
  if (remoteMembers.some((member) => metadata[member] !== undefined))
    throw refused('jwks_uri and sector_identifier_uri are not taken')
  checkKeys(metadata['jwks'])
  const name = metadata['client_name']
  if (name !== undefined && !isName(name)) throw refused('client_name must be a name')
  if (String(metadata['response_modes']) !== 'query') throw refused('response_modes must be query')
  // RFC 9449 §5.2, RFC 8705 §3.4: each token is bound by the means that the client has.
  const binding =
    method === 'private_key_jwt' ? 'dpop_bound_access_tokens' : 'tls_client_certificate_bound_access_tokens'
  if (metadata[binding] !== true) throw refused(`${binding} must be true`)
  if (!(metadata['redirect_uris'] as unknown[]).every(isSafeRedirect))
    throw new errors.InvalidClientMetadata('redirect_uris must be https, or http to a loopback address')
  const types = metadata['grant_types']
  if (!isNames(types) || !types.every((type) => grantTypes.has(type))) {
    throw refused('grant_types holds one that this issuer does not give, such as refresh_token')
  }
  // A person's token without an agent in it: the person has to be at the browser that gets it.
  if (metadata['client_profile'] === 'web_app' && !types.every((type) => type === 'authorization_code')) {
    throw refused('a web_app has the grant type authorization_code alone')
  }
}
