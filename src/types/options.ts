import type { JSONWebKeySet } from 'jose'
import type { AccessRequirement } from './access.ts'
import type { AuditSink } from './audit.ts'
import type { Party } from './context.ts'

export type Algorithm = 'ES256' | 'ES384' | 'Ed25519' | 'EdDSA' | 'PS256' | 'RS256'

/** All settings of a verifier. Absent means the safe default; anything wrong is an {@link OptionsError} at creation. */
export interface VerifierOptions {
  issuer: string | IssuerOptions | readonly (string | IssuerOptions)[]
  /** Absolute URL of this resource (RFC 8707, RFC 9728): https, or http on a loopback host. */
  resource: string
  /** A token must name one of them in `aud`. Default: `resource`. */
  audience?: string | readonly string[] | undefined
  /** URL(s) under which the server's `/` is reachable; a proof's `htu` must be one of them plus the path. Default: the origin of `resource`. */
  publicUrl?: string | readonly string[] | undefined
  dpop?: DpopOptions | false | undefined
  mtls?: MtlsOptions | false | undefined
  token?: TokenOptions | undefined
  delegation?: { maxDepth?: number | undefined } | undefined
  /** A floor for every route. */
  access?: AccessRequirement | undefined
  cache?: { tokens?: number | undefined; tokenSeconds?: number | undefined; proofKeys?: number | undefined } | undefined
  revocation?: RevocationSource | undefined
  audit?: AuditSink | { sink: AuditSink; required: true } | readonly AuditSink[] | undefined
  /** `false`: no RFC 9728 document and no `resource_metadata`. An object: further members of the document. */
  metadata?: boolean | Record<string, unknown> | undefined
  /** Default true: `code` in the problem body. */
  problemCodes?: boolean | undefined
  /** Milliseconds; the only source of time. A function serves as both. */
  clock?: (() => number) | Clock | undefined
  fetch?: typeof fetch | undefined
}

/** `now()`: milliseconds since the epoch. `monotonic()`: milliseconds that never step back. */
export interface Clock {
  now(): number
  monotonic(): number
}

export interface TokenOptions {
  /** For `exp`, `nbf` and `iat`. Default 5 s. */
  clockToleranceSeconds?: number | undefined
  /** Default 8 192. */
  maxBytes?: number | undefined
}

export interface IssuerOptions {
  /** Compared character by character with `iss`. */
  issuer: string
  /** Static keys: no network at all. */
  jwks?: JSONWebKeySet | undefined
  /** Where the keys are; else discovery (RFC 8414, then OpenID Connect). */
  jwksUri?: string | undefined
  keys?:
    | { freshSeconds?: number | undefined; staleSeconds?: number | undefined; timeoutMs?: number | undefined }
    | undefined
  /** How this issuer writes tokens. Chosen by configuration, never by looking at claims. */
  dialect?: 'rfc9068' | undefined
  /** Replaces the verifier's list for this issuer. */
  audience?: string | readonly string[] | undefined
  algorithms?: readonly Algorithm[] | undefined
  /** Ceiling for `exp - iat`. Default 300 s. */
  maxTokenSeconds?: number | undefined
  /** Whose actors this issuer may name. Default `own`: `act.iss` absent or this issuer. `false`: no `act` at all. */
  actorIssuers?: 'own' | 'any' | readonly string[] | false | undefined
  /** Client ids of this issuer that are agents. */
  agentClients?: readonly string[] | undefined
  /** Unregistered `cnf` members to overlook. */
  ignoreCnf?: readonly string[] | undefined
  /** Take certificate-bound tokens under the DPoP scheme too, as Auth0 sends them. */
  dpopSchemeForMtls?: boolean | undefined
  /** Relaxations. A `cnf` or `aud` that is there is enforced all the same. */
  dangerously?:
    | { allowUnbound?: true | undefined; allowMissingAudience?: { clients: readonly string[] } | undefined }
    | undefined
}

export interface DpopOptions {
  /** Default ES256, ES384, Ed25519, EdDSA, PS256. */
  algorithms?: readonly Algorithm[] | undefined
  /** Default 60 s. */
  maxAgeSeconds?: number | undefined
  /** Default 10 s. */
  futureSeconds?: number | undefined
  /** Default 4 096. */
  maxBytes?: number | undefined
  /** Server nonces (RFC 9449 §9). First secret mints, all are accepted; at least 32 bytes each. */
  nonce?: NonceOptions | undefined
  /** Default `iat` without nonces, `both` with. */
  freshness?: 'iat' | 'nonce' | 'both' | undefined
  /** Default `memoryReplayStore()`. */
  replay?: ReplayStore | undefined
  /** `strict` also refuses an `htu` that carries a query or fragment. */
  htu?: 'rfc9449' | 'strict' | undefined
  /**
   * Proof signatures on libuv's threads: always, never (`checkNow` stays synchronous), or `adaptive` (default): what the
   * first callback of a turn of the event loop brings is verified at once, the rest of that turn on the threads.
   */
  offload?: 'never' | 'adaptive' | 'always' | undefined
  preset?: 'fapi2' | 'mcp' | undefined
}

export interface NonceOptions {
  secret: string | Uint8Array | readonly (string | Uint8Array)[]
  /** How long a nonce is accepted. Default 300 s. */
  seconds?: number | undefined
  mode?: 'required' | undefined
}

export interface MtlsOptions {
  /** `socket`: the certificate of the TLS connection. */
  certificate?: 'socket' | undefined
}

export type ReplayAnswer = 'fresh' | 'seen' | 'full' | 'quota'

/** One atomic operation. Throwing, rejecting, hanging or any other answer means unavailable. */
export interface ReplayStore {
  /** `key`: base64url digest of fixed length. `expiresAt`: milliseconds since the epoch; the key must be remembered until then. */
  add(key: string, expiresAt: number, partition: string): ReplayAnswer | Promise<ReplayAnswer>
}

/** Asked on every request, cached token or not; synchronous on the hot path. */
export interface RevocationSource {
  isRevoked(query: RevocationQuery): boolean | Promise<boolean>
}

export interface RevocationQuery {
  readonly issuer: string
  readonly tokenId: string
  readonly issuedAt: number
  /** Principal first, then actor and the rest of the chain. */
  readonly parties: readonly Party[]
  readonly owner?: string
}
