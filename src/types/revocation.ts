import type { Party } from './context.ts'

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
  /** Who answers for the actor, where one owner is known; the owners of every party are in `parties`. */
  readonly owner?: string
  /** The keys that the token is bound to. */
  readonly sender: { readonly jkt?: string; readonly x5t?: string }
  /** Where the issuer publishes the token's status (draft-ietf-oauth-status-list). It is not fetched by this package. */
  readonly status?: { readonly uri: string; readonly index: number }
}
