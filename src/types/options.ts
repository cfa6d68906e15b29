import type { AccessRequirement } from './access.ts'
import type { AuditSetting, Sink } from './audit.ts'
import type { Directory } from './directory.ts'
import type { IssuerOptions, IssuerResolver } from './issuer-options.ts'
import type { MtlsOptions } from './mtls-options.ts'
import type { RevocationSource } from './revocation.ts'

/**
 * Signature algorithms by their JOSE names (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). `EdDSA` is the older name of
 * `Ed25519`; Ed448 is not accepted under either name. ES512, PS384, PS512, RS384 and RS512 are accepted only where an
 * option names them.
 */
export type Algorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'Ed25519'
  | 'EdDSA'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'

/**
 * All settings of a verifier. An absent or undefined member means its default. A wrong value, an unknown member and
 * members that contradict each other throw {@link OptionsError} when the verifier is made. Options are copied: later
 * changes to the object have no effect. No environment variable is read.
 */
export interface VerifierOptions {
  /**
   * The authorization servers to trust: an issuer URL, an {@link IssuerOptions} object, an {@link IssuerResolver} that
   * knows issuers at run time, or a list of them. A token whose `iss` is not among them is refused (`token_issuer`). Each
   * issuer verifies with its own keys only. Issuers of the list go first; then its resolvers are asked, in order, until
   * one knows the issuer. Required.
   */
  issuer: string | IssuerOptions | IssuerResolver | readonly (string | IssuerOptions | IssuerResolver)[]
  /**
   * The absolute URL that identifies this resource (RFC 8707 §2, RFC 9728 §1.2): https, or http on a loopback host,
   * without a fragment. Required.
   */
  resource: string
  /**
   * Accepted audiences: a token must name at least one of them in `aud` (RFC 9068 §4), compared character by character.
   * Default: `resource`; where its path is empty or `/`, with and without that slash (RFC 3986 §6.2.3).
   */
  audience?: string | readonly string[] | undefined
  /**
   * The URL or URLs under which clients reach the server's `/`. The `htu` of a proof must be one of them followed by the
   * path of the request (RFC 9449 §4.3). A trailing slash is dropped; a query or a fragment is not allowed. An IPv6 address
   * may be written in any way. The `Host` and `Forwarded` fields are never read. Default: the origin of `resource`.
   */
  publicUrl?: string | readonly string[] | undefined
  /**
   * DPoP (RFC 9449). `false` refuses tokens that are bound to a DPoP key (`binding_unsupported`). It must not be false
   * together with `mtls` unless an issuer may issue unbound tokens. Default: on, with the defaults of
   * {@link DpopOptions}.
   */
  dpop?: DpopOptions | false | undefined
  /**
   * Certificate-bound tokens (RFC 8705 §3). `false` refuses them (`binding_unsupported`); `{}` is the same as absent.
   * Behind a proxy that ends TLS, {@link MtlsOptions} say where the certificate comes from. Default: on, with the client
   * certificate of the TLS connection.
   */
  mtls?: MtlsOptions | false | undefined
  /** Clock tolerance and size of access tokens. */
  token?: TokenOptions | undefined
  /** Bounds of the delegation chain, and who answers for the actor. */
  delegation?: DelegationOptions | undefined
  /**
   * The baseline: a requirement that every request must meet, before the requirements of its route. An adapter in
   * optional mode cannot be used with it. Default: no requirement.
   */
  access?: AccessRequirement | undefined
  /** Sizes of the caches. */
  cache?: CacheOptions | undefined
  /** Is asked on every request whether the token has been revoked. Default: nothing is asked. */
  revocation?: RevocationSource | undefined
  /**
   * Where audit events go: a sink or several, each an {@link AuditSink} or a function. A sink never delays a request: at
   * most 10 000 events wait for it, half of them kept free for events whose token had a good signature. Further ones are
   * dropped, counted in `health()` and reported to the sink as one record with `dropped`. `{ sink, required: true }`
   * waits for the sink before every answer and refuses (`audit_unavailable`) when it fails, takes longer than
   * `hookTimeoutMs` or has as many events under way. Default: no events.
   */
  audit?: Sink | AuditSetting | readonly (Sink | AuditSetting)[] | undefined
  /**
   * The protected resource metadata document (RFC 9728). Left out: `agentAuth` and `resourceMetadata` serve the document,
   * and challenges name it in `resource_metadata` where this process serves it at the root. `true`: gates serve it too, and
   * challenges always name it. `false` serves no document and leaves `resource_metadata` out of challenges. An object is
   * `true` and adds members to the document; it must be JSON data and must not name a member that follows from other
   * options; `authorization_servers` may be named where there is an {@link IssuerResolver}. Default: left out.
   */
  metadata?: boolean | Record<string, unknown> | undefined
  /** Checks to give up for the whole verifier. Each one weakens this resource. Default: no check is given up. */
  dangerously?: DangerousVerifierOptions | undefined
  /**
   * Checks that are made and only reported: a request that fails nothing else is admitted, and `wouldRefuse` of its verdict
   * and of its audit event names their codes. Meant for the days in which you see what a check would refuse. Each one weakens
   * this resource: it is listed by `describe()` and counted by `health()`. A binding that a token names is enforced all the
   * same. `token_type` is overlooked only for a token without `typ` or with `JWT` that shows no mark of another class, and
   * must not stand beside `token_audience`; neither may `binding_missing` or an issuer with `allowUnbound`. A chain of more
   * than 64 actors stays refused. A proof whose time is only reported is not remembered, so that it can be used again;
   * `proof_expired` and `proof_not_active` must not stand beside `dpop.nonce.mode: 'on-skew'`. Default: every check is
   * enforced.
   */
  reportOnly?: readonly ReportableCheck[] | undefined
  /**
   * How long a hook of yours may take, in whole milliseconds: a replay store, a revocation source, the directory, an
   * issuer resolver, `where`, one write of an audit sink; and how long an issuer may take to answer a question about a token. A later
   * answer counts as an outage. From 1 to 60 000. Default: 1 000.
   */
  hookTimeoutMs?: number | undefined
  /** Whether the body of a refusal has the member `code` with the refusal code. Default: true. */
  problemCodes?: boolean | undefined
  /**
   * The only source of time. A function returns milliseconds since the epoch and serves as both clocks; a {@link Clock}
   * has one method for each. Timers of the runtime do not follow it. Where it throws, or answers anything but a time that
   * a date can hold, the requests under way are refused (`policy_unavailable`, 503); audit events then have the machine's
   * time. Default: `Date.now` and `performance.now`.
   */
  clock?: (() => number) | Clock | undefined
  /**
   * Fetches issuer metadata and keys and asks issuers about tokens, and nothing else. It is called with `redirect: 'error'` and without credentials.
   * Default: the global `fetch`, as it is at each call.
   */
  fetch?: typeof fetch | undefined
}

/** Checks that `reportOnly` may name, by the code of their refusal. */
export type ReportableCheck =
  | 'token_type'
  | 'token_lifetime'
  | 'token_audience'
  | 'binding_missing'
  | 'proof_expired'
  | 'proof_not_active'
  | 'delegation_too_deep'
  | 'delegation_not_allowed'
  | 'owner_missing'

/** Checks that the verifier may skip. */
export interface DangerousVerifierOptions {
  /**
   * Host names that may be reached by http as loopback hosts may: in `issuer`, `jwksUri`, `introspection.endpoint`, `resource`
   * and `publicUrl`.
   * Compared exactly, in lower case and without a port; there are no wildcards. Whoever sits on the way to such an issuer
   * can replace its keys. What the metadata of an https issuer names must be https all the same. Default: no host.
   */
  allowHttp?: readonly string[] | undefined
}

/** A source of time, in milliseconds. */
export interface Clock {
  /** Wall time: milliseconds since the epoch. Tokens, proofs and nonces are judged by it. */
  now(): number
  /** Milliseconds from any starting point, which must never go back. Caches, keys and the replay memory age by it. */
  monotonic(): number
}

/** What is accepted of access tokens in general. */
export interface TokenOptions {
  /**
   * How far this clock and the issuer's may differ, in whole seconds, for `exp`, `nbf` and `iat` of a token, for `exp`
   * and `nbf` of a proof, and for an `auth_time` that lies ahead. It does not change `dpop.maxAgeSeconds` or
   * `dpop.futureSeconds`. From 0 to 300. Default: 5.
   */
  clockToleranceSeconds?: number | undefined
  /**
   * Longest access token in bytes; a longer one is refused before it is decoded (`request_malformed`). Node limits all
   * header fields together to 16 KiB. From 256 to 1 048 576. Default: 8 192.
   */
  maxBytes?: number | undefined
}

/** What is accepted of delegation, and what is known of the parties. */
export interface DelegationOptions {
  /**
   * How many nested `act` claims (RFC 8693 §4.1) a token may have. A longer chain is refused (`delegation_too_deep`); it
   * is never cut. From 1 to 100. Default: 5.
   */
  maxDepth?: number | undefined
  /**
   * Requires an owner, in the token or the directory, of an actor that is not the principal, and of an agent that acts for
   * itself. An actor that is classified human or service needs none. Without one the request is refused (`owner_missing`).
   * Only that there is a name is checked, not whose it is. Default: false.
   */
  requireOwner?: boolean | undefined
  /**
   * Is asked who the parties are and whether they are disabled; see {@link Directory}. Default: the token alone counts.
   */
  directory?: Directory | undefined
}

/** Sizes of the caches. Only what was verified enters them; the least recently used entry leaves a full cache. */
export interface CacheOptions {
  /** How many verified tokens are kept, by their SHA-256. From 1 to 10 000 000. Default: 10 000. */
  tokens?: number | undefined
  /**
   * How long a verified token is kept, in whole seconds. Its lifetime, its revocation and everything that depends on the
   * request are checked every time. From 0 (no token is kept) to 3 600. Default: 60.
   */
  tokenSeconds?: number | undefined
  /** How many imported proof keys are kept. From 1 to 10 000 000. Default: 10 000. */
  proofKeys?: number | undefined
}

/** What is accepted of DPoP proofs (RFC 9449 §4.3). */
export interface DpopOptions {
  /**
   * Accepted signature algorithms of proofs; another algorithm or key is refused (`proof_key`). They are listed as `algs`
   * in challenges. Default: ES256, ES384, Ed25519, EdDSA, PS256.
   */
  algorithms?: readonly Algorithm[] | undefined
  /**
   * How old a proof may be, in whole seconds since its `iat`; an older one is refused (`proof_expired`). From 1 to 3 600.
   * Default: 60.
   */
  maxAgeSeconds?: number | undefined
  /**
   * How far the `iat` of a proof may lie ahead of this clock, in whole seconds; one further ahead is refused
   * (`proof_not_active`). From 0 to 3 600. Default: 10.
   */
  futureSeconds?: number | undefined
  /** Longest proof in bytes; a longer one is refused (`proof_malformed`). From 256 to 1 048 576. Default: 4 096. */
  maxBytes?: number | undefined
  /** Asks for a server nonce in proofs (RFC 9449 §9): in every proof, or where `mode` says so. Default: no nonce is asked for. */
  nonce?: NonceOptions | undefined
  /**
   * What must be fresh. `'iat'`: the proof's `iat`. `'nonce'`: the server nonce alone, for clients whose clocks are wrong;
   * `iat` is then not judged. `'both'`: both. The last two need `nonce`; with `nonce`, every proof needs one in any case.
   * With `nonce.mode: 'on-skew'` it must not be given: that mode has its own rule. Default: `'iat'`, or `'both'` with `nonce`.
   */
  freshness?: 'iat' | 'nonce' | 'both' | undefined
  /**
   * Remembers the proofs that were used. The default knows only its own process: several processes need a shared store.
   * Default: a `memoryReplayStore()` of this verifier.
   */
  replay?: ReplayStore | undefined
  /**
   * How the `htu` of a proof is compared. `'rfc9449'` ignores its query and fragment (RFC 9449 §4.3); `'strict'` refuses
   * a proof that has either (`proof_target`). Default: `'rfc9449'`.
   */
  htu?: 'rfc9449' | 'strict' | undefined
  /**
   * Whether proof signatures are verified on libuv's threads. `'never'` verifies them at once, `'always'` on the threads.
   * `'adaptive'` verifies at once what the first callback of an event-loop turn brings, and the rest of that turn on the
   * threads. It does not change a verdict. Default: `'adaptive'`.
   */
  offload?: 'never' | 'adaptive' | 'always' | undefined
  /**
   * Defaults of a profile; a member given beside it wins. `'fapi2'`: 60 s, 10 s ahead, no RS256, RS384 or RS512. `'mcp'` (SEP-1932): 300 s
   * either way, `htu: 'strict'`. Default: no profile.
   */
  preset?: 'fapi2' | 'mcp' | undefined
}

/** Server nonces (RFC 9449 §8, §9). They are stateless: every process with the secret accepts them. */
export interface NonceOptions {
  /**
   * One secret or several, each of at least 32 bytes (a string counts in UTF-8). The first makes nonces, all are accepted.
   * To rotate without a failed request, give every process first `[old, new]`, then `[new, old]`, and `[new]` once `seconds`
   * have passed. Required.
   */
  secret: string | Uint8Array | readonly (string | Uint8Array)[]
  /**
   * How long a nonce is accepted, in whole seconds; an older one is refused (`nonce_invalid`). From half of it on, the
   * answer to an accepted request carries the next nonce. From 10 to 86 400. Default: 300.
   */
  seconds?: number | undefined
  /**
   * Which proofs need a nonce. `'required'`: every proof (`nonce_required`). `'on-skew'`: only proofs of clients whose
   * clocks are wrong. A proof without a nonce is judged by its `iat`, and one that fails in nothing else is asked for a
   * nonce (`nonce_required` in place of `proof_expired` and `proof_not_active`). A proof with a nonce is judged by the
   * nonce and not by its `iat`. This does not stop proofs that were made ahead of time without a nonce (RFC 9449 §11.2).
   * Default: `'required'`.
   */
  mode?: 'required' | 'on-skew' | undefined
}

/** The answers of a replay store: new, used before, no room for any proof, no room for this client. */
export type ReplayAnswer = 'fresh' | 'seen' | 'full' | 'quota'

/**
 * Remembers used proofs (RFC 9449 §11.1). Throwing, rejecting, any other answer and no answer
 * within `hookTimeoutMs` refuse the request (`replay_unavailable`).
 */
export interface ReplayStore {
  /**
   * Adds a key unless it is there, in one atomic operation. `'fresh'` admits, `'seen'` is `proof_replayed`, `'full'` is
   * `replay_unavailable`, `'quota'` is `rate_limited`. `'seen'` goes before the other two.
   * @param key base64url digest of fixed length that stands for one proof of one key
   * @param lifetimeMs for how many milliseconds from now the key must be remembered; whole, at least 1
   * @param partition digest that stands for issuer, client and subject, for a share per client
   */
  add(key: string, lifetimeMs: number, partition: string): StoreAnswer | Promise<StoreAnswer>
  /** For `verifier.health()`. Default: the state is not told. */
  health?(): { state: 'ready' | 'open' | 'probing'; lastError?: string }
}

/**
 * What a store answers, alone or with `completeSince`: the wall time in milliseconds since which it has forgotten nothing. A
 * proof that could have been used before that time, with 5 s for clocks that differ, is refused (`replay_unavailable`).
 */
export type StoreAnswer = ReplayAnswer | { readonly answer: ReplayAnswer; readonly completeSince: number }

/** Settings of `memoryReplayStore()`. */
export interface MemoryReplayOptions {
  /**
   * How many proofs it remembers at once. When it is full, further proofs are refused (`replay_unavailable`): no proof
   * that could be replayed is forgotten. From 1 to 16 000 000. Default: 1 000 000.
   */
  capacity?: number | undefined
  /**
   * The share of the capacity that one client may use once more than half of it is taken; beyond it proofs are refused
   * (`rate_limited`). Above 0, at most 1. Default: 0.1.
   */
  quota?: number | undefined
  /** Its time when it is used outside a verifier; a verifier uses its own clock. Default: `Date.now` and `performance.now`. */
  clock?: Clock | undefined
}
