import type { JWTPayload } from 'jose'

export type EntityKind = 'human' | 'agent' | 'service' | 'app' | 'device' | 'unknown'

export interface Party {
  /** Identity is (assertedBy, issuer, subject): never compare by subject alone. */
  readonly subject: string
  /** Namespace of the subject as the token states it; null where it does not. */
  readonly issuer: string | null
  /** The token's issuer. */
  readonly assertedBy: string
  /** What a claim or the registry says; never inferred from the shape of an id. */
  readonly kind: EntityKind
  readonly kindSource: 'profile' | 'dialect' | 'registry' | 'none'
  readonly profiles: readonly string[]
  /** The client id the token or the registry gives the party; equal to `subject` where that is its only name. */
  readonly clientId?: string
  /** What the token or a directory says about the party beside its name. It describes: no check of this package reads it but `delegation.requireOwner`. */
  readonly entity?: EntityClaims
}

/**
 * What is known of a party beside its name. Each member is a text of at most 256 characters or a list of at most 32 such
 * texts; a value that does not fit is left out.
 */
export interface EntityClaims {
  /** Who answers for the party. */
  readonly owner?: string | readonly string[]
  /** Under which rules or registration the party runs. */
  readonly governance?: string | readonly string[]
  readonly policyVersion?: string | readonly string[]
  readonly capabilities?: string | readonly string[]
  /** Which running copy of the party it is. */
  readonly instance?: string | readonly string[]
  readonly model?: string | readonly string[]
  readonly platform?: string | readonly string[]
}

/** RFC 9396 §2. */
export interface AuthorizationDetail {
  readonly type: string
  readonly [member: string]: unknown
}

export type JwtPayload = JWTPayload

export interface CommonContext<C> {
  /** Whose authority is used: the token's subject. */
  readonly principal: Party
  /** Who performs the action: the outermost `act`, else the principal (the same object). */
  readonly actor: Party
  /** Principal, actor, anyone in the chain or the client is an agent: for deny rules. */
  readonly involvesAgent: boolean
  /** Null where the token names none, which only `optionalClaims` admits. */
  readonly client: { readonly id: string; readonly profiles: readonly string[] } | null
  readonly scopes: readonly string[]
  readonly authorizationDetails: readonly AuthorizationDetail[]
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  /** Verified proofs only. */
  readonly sender: {
    readonly method: 'dpop' | 'mtls' | 'dpop+mtls' | 'none'
    readonly jkt?: string
    readonly x5t?: string
  }
  readonly authentication: { readonly acr?: string; readonly amr: readonly string[]; readonly time?: number }
  readonly token: {
    readonly issuer: string
    /** `jti`, else `h:` and the SHA-256 of the signing input, in base64url. */
    readonly id: string
    readonly audience: readonly string[]
    /** `iat`, else when this verifier first saw the token; seconds since the epoch. */
    readonly issuedAt: number
    readonly expiresAt: number
    readonly claims: Readonly<C>
  }
  /** `'report-only'` where the verifier has `reportOnly`, whether or not a check was overlooked for this request. */
  readonly enforcement: 'enforced' | 'report-only'
  readonly warnings: readonly WarningCode[]
}

/** Who performed this action, who authorised it, and how the two are connected. Deep-frozen, shared by all requests of one token. */
export type AgentContext<C = JwtPayload> =
  | (CommonContext<C> & { readonly authority: 'delegated'; readonly delegation: Delegation })
  | (CommonContext<C> & { readonly authority: 'independent' | 'undetermined'; readonly delegation: null })

export interface Delegation {
  /** Current actor first, earliest last; prior actors are informational: they may deny, never allow (RFC 8693 §4.1). */
  readonly chain: readonly Party[]
  /** Length of the chain. */
  readonly depth: number
  /** Whether the chain names everyone who handed the work on; false where the issuer is known to lose some, null where it does not say. */
  readonly complete: boolean | null
  /** When the delegation ends, in seconds since the epoch, where the token says so. It is not checked: the token's own life is. */
  readonly expiresAt?: number
  /** The grant or mission that the delegation is part of, where the token names it. */
  readonly grantId?: string
}

export type WarningCode =
  | 'act_iss_assumed'
  | 'act_iss_missing'
  | 'actor_conflict'
  | 'actor_unclassified'
  | 'agent_client_behind_other_actor'
  | 'agent_client_without_actor'
  | 'certificate_header_ignored'
  | 'chain_loop'
  | 'client_id_azp_differ'
  | 'facet_malformed'
  | 'inverted_act'
  | 'no_iat'
  | 'principal_is_agent_user_account'
  | 'profile_malformed'
  | 'proof_time_reported'
  | 'self_act'
  | 'ttl_over_policy'
  | 'unbound_token'
  | 'unknown_profile_value'
