import type { JWK } from 'jose'

/** What the operator of this issuer has registered. There is no registration over HTTP. */
export interface Registry {
  readonly clients: Map<string, RegisteredClient>
  readonly users: Map<string, RegisteredUser>
  /** Resources tokens may be asked for (RFC 8707), character by character. */
  readonly resources: Set<string>
}

/** Absent means no: a client gets what is written here and nothing else. */
export interface RegisteredClient {
  readonly id: string
  /** The person or team who answers for what this client does. */
  readonly owner: string
  readonly profile: 'ai_agent' | 'service' | 'web_app'
  readonly authentication: ClientAuthentication
  readonly grants: readonly GrantType[]
  readonly scopes: readonly string[]
  /** Users this client has signed in and may ask a first token for (RFC 7523 §2.1). */
  readonly vouchesFor?: readonly string[]
  /** Subjects it may act for, where the subject token has no `may_act`. */
  readonly mayActFor?: readonly string[]
  /** Agents whose delegated work it may take over: needed as soon as the subject token has an `act`. */
  readonly mayFollow?: readonly string[]
  /** Tokens without `cnf`, where a request has no DPoP proof. For showing what an API does with them. */
  readonly dangerouslyIssueUnbound?: true
  /** Moves `iat` and `exp` into the past. For showing what an API does with an expired token. */
  readonly dangerouslyBackdatedSeconds?: number
}

export type ClientAuthentication =
  | { readonly method: 'private_key_jwt'; readonly jwk: JWK }
  /** RFC 8705 §2.2; `thumbprint` is the base64url SHA-256 of the certificate's DER. */
  | { readonly method: 'self_signed_tls_client_auth'; readonly thumbprint: string }

export interface RegisteredUser {
  readonly id: string
  /** The one client that may act for this user: stated in the user's tokens as `may_act` (RFC 8693 §4.4). */
  readonly mayAct?: string
}

export const grantTypes = {
  clientCredentials: 'client_credentials',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
} as const

export type GrantType = (typeof grantTypes)[keyof typeof grantTypes]

export function createRegistry(): Registry {
  return { clients: new Map(), users: new Map(), resources: new Set() }
}
