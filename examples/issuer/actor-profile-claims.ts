/** What kind of party a subject or a client is (draft-mora-oauth-entity-profiles). */
export type EntityProfile = 'user' | 'ai_agent' | 'service'

/** RFC 8693 §4.1 with the namespace and the profile of each actor. The current actor is outermost. */
export interface Actor {
  readonly iss: string
  readonly sub: string
  readonly sub_profile: EntityProfile
  readonly act?: Actor
}

/** The key that the token is bound to: RFC 9449 §6.1 or RFC 8705 §3.1. */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** RFC 9396 §2: what a scope is too coarse for, such as one payment of one sum. */
export interface AuthorizationDetail {
  readonly type: string
  readonly [member: string]: unknown
}

/** The claims of this issuer's access tokens: RFC 9068 §2.2 in the actor profile (draft-mcguinness-oauth-actor-profile). */
export interface ActorProfileClaims {
  readonly iss: string
  readonly sub: string
  readonly sub_profile: EntityProfile
  /** Who asked for this token: after an exchange, the current actor. */
  readonly client_id: string
  readonly client_profile: EntityProfile
  /** The one API that the token is for, by its URL (RFC 8707 §2). */
  readonly aud: string
  /** Separated by single spaces (RFC 6749 §3.3). */
  readonly scope: string
  /** RFC 9396 §9.1. */
  readonly authorization_details?: readonly AuthorizationDetail[]
  readonly act?: Actor
  /** Who may become the actor by a token exchange (RFC 8693 §4.4). */
  readonly may_act?: { readonly iss: string; readonly sub: string }
  /** The grant that the token goes back to, and its end in seconds since the epoch. */
  readonly mission?: { readonly id: string; readonly expires_at: number }
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly cnf: Confirmation
  readonly iat: number
  readonly exp: number
  readonly jti: string
}
