import type { JSONWebKeySet, JWTPayload } from 'jose'
import type { RefusalCode } from '../refusal/table.ts'

/** The shapes a user meets. Times are seconds since the epoch unless a name or comment says milliseconds. */

// What goes in ---------------------------------------------------------------------------------------------------

/** A request as it arrived, before any framework normalised it. */
export interface RequestView {
  /** As it arrived, case kept. */
  readonly method: string
  /** Raw request target as the client sent it (Express: `originalUrl`). */
  readonly target: string
  /** Every field line of that name, in order, never joined. Names starting with `:` are none. */
  header(name: string): readonly string[]
  /** The socket: remote address, and the DER of the TLS client certificate. */
  readonly peer?: { readonly address?: string | undefined; certificate?(): Uint8Array | undefined } | undefined
}

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

export interface AuditSink {
  write(event: AuditEvent): void | Promise<void>
}

// What a route may ask for ---------------------------------------------------------------------------------------

export interface AccessRequirement<R = unknown> {
  /** All of them. */
  scopes?: readonly string[] | undefined
  anyScope?: readonly string[] | undefined
  authority?: 'delegated' | 'independent' | undefined
  principal?: PartyRule | undefined
  actor?: PartyRule | undefined
  /** Authorise the pair, on every request. */
  pair?: ((principal: Party, actor: Party) => boolean) | undefined
  maxDepth?: number | undefined
  denyIfAgentInvolved?: boolean | undefined
  sender?: 'dpop' | 'mtls' | undefined
  /** Any of them satisfies (RFC 9470). */
  acr?: readonly string[] | undefined
  maxAuthAgeSeconds?: number | undefined
  /** RFC 9396. Several details of one type: any may allow, never mixed. */
  details?: DetailRule<R> | undefined
  where?: Predicate<R> | { name: string; test: Predicate<R> } | undefined
  /** Kept out of `scopes_supported`. */
  hidden?: boolean | undefined
}

export type Predicate<R = unknown> = (context: AgentContext, request: R) => boolean | Promise<boolean>

export interface DetailRule<R = unknown> {
  type: string
  allows(detail: AuthorizationDetail, context: AgentContext, request: R): boolean
}

/** A rule with a subject needs an issuer; with exactly one configured issuer that one is meant. */
export type PartyRule =
  | {
      issuer?: string | undefined
      subject?: string | readonly string[] | undefined
      kind?: EntityKind | readonly EntityKind[] | undefined
    }
  | ((party: Party) => boolean)

// What the handler reads -----------------------------------------------------------------------------------------

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
  readonly clientId?: string
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
    /** `jti`, else `h:` and the SHA-256 of the signing input. */
    readonly id: string
    readonly audience: readonly string[]
    readonly issuedAt: number
    readonly expiresAt: number
    readonly claims: Readonly<C>
  }
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
  /** Number of `act` objects. */
  readonly depth: number
  /** null: the issuer does not say. */
  readonly complete: boolean | null
  readonly expiresAt?: number
  readonly grantId?: string
}

export type WarningCode =
  | 'act_iss_missing'
  | 'actor_unclassified'
  | 'agent_client_behind_other_actor'
  | 'agent_client_without_actor'
  | 'chain_loop'
  | 'client_id_azp_differ'
  | 'principal_is_agent_user_account'
  | 'profile_malformed'
  | 'self_act'
  | 'ttl_over_policy'
  | 'unbound_token'
  | 'unknown_profile_value'

// What comes out -------------------------------------------------------------------------------------------------

export type HeaderList = readonly (readonly [name: string, value: string])[]

export type Verdict =
  | {
      readonly ok: true
      readonly context: AgentContext
      readonly headers: HeaderList
      readonly wouldRefuse: readonly RefusalCode[]
    }
  | { readonly ok: false; readonly refusal: Refusal }

export type Decision =
  | { readonly ok: true; readonly wouldRefuse: readonly RefusalCode[] }
  | { readonly ok: false; readonly refusal: Refusal }

export interface Refusal {
  readonly code: RefusalCode
  readonly status: number
  readonly error: string | null
  readonly headers: HeaderList
  readonly body: Problem
  /** For the operator, never on the wire. */
  readonly facts: Facts
}

/** RFC 9457, constant text. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly error?: string
  readonly error_description?: string
  readonly code?: RefusalCode
}

export interface Facts {
  /** The option path that would admit it. */
  readonly hint?: string
  readonly expectedTarget?: string
  readonly receivedTarget?: string
  readonly expectedMethod?: string
  readonly receivedMethod?: string
  readonly expectedAudience?: string
  readonly receivedAudience?: string
  readonly issuer?: string
  readonly typ?: string
  readonly algorithm?: string
  readonly keyId?: string
  readonly lifetimeSeconds?: number
  /** Seconds the proof's or token's `iat` lies ahead of (positive) or behind (negative) our clock. */
  readonly iatOffset?: number
  /** First 8 characters. */
  readonly expectedThumbprint?: string
  /** First 8 characters. */
  readonly receivedThumbprint?: string
  readonly claim?: string
  readonly cause?: string
}

export interface AuditEvent {
  readonly version: 1
  readonly id: string
  /** The same for the authentication event and every access event of one request. */
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly phase: 'authentication' | 'access'
  readonly decision: 'admitted' | 'refused'
  readonly code: RefusalCode | null
  readonly method: string
  readonly route?: string
  readonly issuer: string | null
  readonly principal: Party | null
  readonly actor: Party | null
  readonly chain: readonly Party[]
  readonly client: string | null
  readonly scopesRequired: readonly string[]
  readonly scopesGranted: readonly string[]
  readonly sender: { readonly method: 'dpop' | 'mtls' | 'dpop+mtls' | 'none'; readonly thumbprint: string | null }
  readonly proof: {
    readonly result: 'none' | 'valid' | 'refused'
    readonly iatOffset: number | null
    readonly replayed: boolean
  }
  /** The token's id; until its signature holds, `h:` and the SHA-256 of the token; null where there was none. */
  readonly tokenId: string | null
  readonly relaxations: readonly string[]
  readonly facts?: Facts
}
