import type { Party } from './context.ts'
import type { Clock } from './options.ts'

/**
 * Says whether a token has been revoked. It is asked on every request, also for a cached token; answer synchronously
 * where you can.
 */
export interface RevocationSource {
  /**
   * `true` refuses (`token_revoked`), `false` goes on. Throwing, rejecting, another answer or none within
   * `hookTimeoutMs` refuses (`revocation_unavailable`).
   */
  isRevoked(query: RevocationQuery): boolean | Promise<boolean>
}

/** What a revocation source is asked about. */
export interface RevocationQuery {
  /** The issuer of the token, as configured. */
  readonly issuer: string
  /** The `jti` of the token, else a hash of it (`token.id` of the context). It is unique within its issuer only. */
  readonly tokenId: string
  /** The token's `iat`, in seconds since the epoch; 0 where it has none. */
  readonly issuedAt: number
  /** When the token ends (`exp`), in seconds since the epoch. */
  readonly expiresAt: number
  /** The principal first, then the current actor and the rest of the chain. */
  readonly parties: readonly Party[]
  /** The client of the token. Absent where it names none. */
  readonly clientId?: string
  /** The session that the token belongs to (`sid`, OpenID Connect Front-Channel Logout §3). */
  readonly sessionId?: string
  /** Who answers for the actor, where the token names one owner; its owners of every party are in `parties`. A directory's are not. */
  readonly owner?: string
  /** The keys that the token is bound to. */
  readonly sender: { readonly jkt?: string; readonly x5t?: string }
  /** Where the issuer publishes the token's status (draft-ietf-oauth-status-list). It is not fetched by this package. */
  readonly status?: { readonly uri: string; readonly index: number }
}

/** What `revoke` of `memoryRevocations()` takes: an issuer and exactly one member of `RevocationTargets`. */
export type Revocation = ExactlyOne<RevocationTargets> & {
  /** Required: whose tokens are revoked, spelled as `token.issuer` of a context. The same name at another issuer is another thing. */
  readonly issuer: string
  /**
   * Tokens whose `iat` is before this time are revoked, in whole seconds since the epoch; a token without `iat` always is.
   * From 1 to 99 999 999 999. Default: every token for `token`; else 5 s from now, rounded up, because the clock of the
   * issuer may be ahead.
   */
  readonly issuedBefore?: number | undefined
}

/** What can be revoked. */
export interface RevocationTargets {
  /** One token: `token.id` of its context. */
  readonly token: string
  /**
   * Every token that names this party as principal, actor or anywhere in the chain. A text is a subject: it stands for the
   * parties of that name in the namespace of the issuer, and for those whose token states no namespace. A `Party` stands
   * for this identity alone, as `partyKey` tells identities apart.
   */
  readonly party: string | Party
  /** Every token that was issued to the client of this id. */
  readonly client: string
  /** Every token of this session (`sid`). */
  readonly session: string
  /**
   * Every token that says that one of its parties has this owner (`entity.owner`). An owner that only the directory knows
   * is not found: there, let the directory answer `disabled`.
   */
  readonly owner: string
  /** Every token bound to this key (RFC 7638) or to this certificate (RFC 8705 §3.1): a SHA-256 thumbprint in base64url. */
  readonly sender: { readonly jkt: string } | { readonly x5t: string }
}

/** One member of `T`, and none of the others. */
type ExactlyOne<T> = {
  [K in keyof T]: Pick<T, K> & { readonly [Other in Exclude<keyof T, K>]?: undefined }
}[keyof T]

/** Settings of `memoryRevocations()`. */
export interface MemoryRevocationOptions {
  /**
   * How many entries it holds; when it is full, `revoke` throws. An entry never goes by age. From 1 to 1 000 000.
   * Default: 1 000 000.
   */
  maxEntries?: number | undefined
  /** Gives the time that an absent `issuedBefore` is counted from. Default: `Date.now` and `performance.now`. */
  clock?: Clock | undefined
}
