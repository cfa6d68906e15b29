import type { EntityClaims, EntityKind, JwtPayload, WarningCode } from './context.ts'

/** The ways of writing access tokens that this package knows, by the drafts and products that write so. */
export type DialectName =
  | 'rfc9068'
  | 'actor-profile'
  | 'auth0'
  | 'okta'
  | 'entra'
  | 'keycloak'
  | 'zitadel'
  | 'wso2'
  | 'workos'
  | 'workos-agents'
  | 'zeroid'
  | 'scalekit'
  | 'stytch'
  | 'cognito'
  | 'fusionauth'
  | 'aap'

/**
 * How an issuer writes its access tokens. It says where in a token something stands; it cannot waive the signature, the
 * issuer, the audience, the lifetime or the binding. An absent member means what RFC 9068 says. The functions get frozen
 * claims, once per token, after the signature held. One that throws or answers another shape refuses the token
 * (`token_claim`). Experimental: the shape may change before version 1.0.
 */
export interface Dialect {
  /** For `describe()` and for facts of refusals. Required, not empty. */
  name: string
  /**
   * Accepted values of the header member `typ` (RFC 7515 §4.1.9), compared as media types; null stands for a token without
   * `typ`. Types that name another class of token, such as `oauth-id-jag+jwt`, cannot be listed. Default: `at+jwt`.
   */
  types?: readonly (string | null)[] | undefined
  /** Members that this issuer's tokens lack. Those of `IssuerOptions.optionalClaims` are added. Default: none. */
  optionalClaims?: readonly ('client_id' | 'jti' | 'iat')[] | undefined
  /** Claims that may hold the client id; the first that is there counts. Default: `client_id`. */
  clientId?: readonly string[] | undefined
  /** Claims that may hold the id of the token; the first that is there counts. Default: `jti`. */
  tokenId?: readonly string[] | undefined
  /**
   * Claims that carry scopes: `scope` a text, `scp` a text or a list, `scopes` a list. Several that are there must name the
   * same scopes, else the token is refused (`token_claim`). Default: `scope`.
   */
  scopes?: readonly ('scope' | 'scp' | 'scopes')[] | undefined
  /** The roles for this resource. `audience`: the audiences that are configured for the issuer. Default: the list `roles`. */
  roles?(claims: JwtPayload, audience: readonly string[]): readonly string[]
  /** Default: the list `permissions`. */
  permissions?(claims: JwtPayload): readonly string[]
  /**
   * Names the member that shows another class of token, which is refused (`token_type`); undefined for an access token. It is
   * asked about JWTs alone: what must also hold for opaque tokens belongs into `parties`.
   */
  refuse?(header: Readonly<Record<string, unknown>>, claims: JwtPayload): string | undefined
  /** Who is in the token, in which part. Default: `sub` is the principal and `act` the chain of actors. */
  parties?(claims: JwtPayload, read: DialectReaders): DialectParties
  /** What the token says of the principal or of the current actor beside its name. Default: nothing. */
  entity?(claims: JwtPayload, which: 'principal' | 'actor'): EntityClaims | undefined
}

/** What {@link Dialect.parties} may use. They read strictly, and note warnings on their own. */
export interface DialectReaders {
  /** The nested `act` of these claims (RFC 8693 §4.1), current actor first. A malformed one refuses the token (`delegation_malformed`). */
  actors(claims: JwtPayload): readonly DialectActor[]
  /** The kind that an entity profile such as `sub_profile` stands for; `unknown` where it stands for none. */
  kind(profile: unknown): EntityKind
  /** The words of an entity profile such as `sub_profile`, in lower case. */
  profiles(value: unknown): readonly string[]
  /** Refuses the token because its delegation is longer than the token itself allows (`delegation_too_deep`). */
  tooDeep(): never
  /** Refuses the token (`delegation_malformed`) and names the claim. */
  malformed(claim: string): never
}

/** The parties of a token as its dialect reads them. */
export interface DialectParties {
  /** Whose authority is used. Its namespace is the token's issuer. `profiles` without `kind` decide the kind. */
  principal: DialectPrincipal
  /** The current actor first. Default: the token names no actor. */
  chain?: readonly DialectActor[] | undefined
  /** Whether the subject of the token is its client. It counts where the chain names no actor other than the subject. Default: false. */
  ownToken?: boolean | undefined
  /** What the token says its client is. Default: what `client_profile` says. */
  clientKind?: EntityKind | undefined
  /** {@link Delegation.complete}. Default: the issuer does not say. */
  complete?: boolean | undefined
  /** {@link Delegation.expiresAt}, in seconds since the epoch. */
  expiresAt?: number | undefined
  /** {@link Delegation.grantId}. */
  grantId?: string | undefined
  warnings?: readonly WarningCode[] | undefined
}

export interface DialectPrincipal {
  subject: string
  kind?: EntityKind | undefined
  profiles?: readonly string[] | undefined
}

export interface DialectActor extends DialectPrincipal {
  /** Namespace of the subject; null or absent where the token does not state it. */
  issuer?: string | null | undefined
  clientId?: string | undefined
  /** Whether `client_id` is the actor's only name, which then equals `clientId`. Such an actor is never taken for the principal. Default: `sub`. */
  namedBy?: 'sub' | 'client_id' | undefined
}
