import type { JSONWebKeySet } from 'jose'
import type { Dialect, DialectName } from './dialect.ts'
import type { IntrospectionOptions } from './introspection-options.ts'
import type { Algorithm } from './options.ts'

/** One authorization server, and what its tokens may say. */
export interface IssuerOptions {
  /**
   * The issuer identifier, compared with `iss` character by character (RFC 9068 §4). An https URL without a query or
   * fragment when the keys are discovered. A template (`{tenantid}`, `*`) and the `common`, `organizations` and
   * `consumers` endpoints of Entra ID are no issuers. Required.
   */
  issuer: string
  /**
   * The public keys of the issuer, as a JWK Set with at least one usable key. They are copied, never fetched and never
   * renewed. It must not be combined with `jwksUri`. Default: the keys are fetched.
   */
  jwks?: JSONWebKeySet | undefined
  /**
   * The https URL of the issuer's JWK Set. Default: discovery through authorization server metadata (RFC 8414 §3), then
   * OpenID Connect Discovery §4.
   */
  jwksUri?: string | undefined
  /** How fetched keys age. It has no effect on `jwks`. */
  keys?: KeyOptions | undefined
  /** Accepted audiences for tokens of this issuer. They replace `audience` of the verifier. Default: the verifier's. */
  audience?: string | readonly string[] | undefined
  /**
   * Accepted signature algorithms of this issuer's tokens; any other is refused (`token_algorithm`). Symmetric ones and
   * `none` cannot be named. Default: ES256, ES384, Ed25519, EdDSA, PS256, RS256 (RFC 9068 §2.1 requires the last).
   */
  algorithms?: readonly Algorithm[] | undefined
  /**
   * Longest lifetime of a token, `exp` minus `iat`, in whole seconds; a longer one is refused (`token_lifetime`). From 1
   * to 31 536 000. Default: 300.
   */
  maxTokenSeconds?: number | undefined
  /**
   * Whose actors this issuer may name: the `iss` beside an actor's `sub` in `act` (RFC 8693 §4.1). `'own'` means this
   * issuer or no `iss`, a list adds the issuers in it, `'any'` allows every one, `false` allows no `act` at all. Others
   * are refused (`delegation_not_allowed`). Default: `'own'`.
   */
  actorIssuers?: 'own' | 'any' | readonly string[] | false | undefined
  /**
   * How this issuer writes its tokens: a dialect by name, or a {@link Dialect} of your own. It is never guessed from a token.
   * It maps claims and `typ`; audience, lifetime and binding are judged as ever. Default: `'rfc9068'`.
   */
  dialect?: DialectName | Dialect | undefined
  /**
   * Members of an access token (RFC 9068 §2.2) that this issuer's tokens may lack; one that is there must be well-formed
   * all the same. Without `client_id` the client is `azp`, else none. What the dialect allows is added. Without `jti` the token's id is a hash of it.
   * Without `iat` the rest of its life is held against `maxTokenSeconds`, and the context has the warning `no_iat`.
   * Default: none; a token that lacks one is refused (`token_claim`).
   */
  optionalClaims?: readonly ('client_id' | 'jti' | 'iat')[] | undefined
  /**
   * What names an actor. `'sub'`: an `act` without `sub` is refused (`delegation_malformed`). `'sub-or-client_id'`: such an
   * `act` is named by its `client_id`; the outermost one must then name the client of the token. An actor named so is never
   * taken for the principal. Default: `'sub'`.
   */
  actorClaims?: 'sub' | 'sub-or-client_id' | undefined
  /**
   * Clients of this issuer that are agents, by client id. An actor or subject with such an id counts as an agent where the
   * token does not classify it. Where a token of such a client names no other actor: if the token says that its subject is
   * a human, the client is the actor; if the subject is the client itself, it acts for itself. For any other subject
   * {@link AgentClient.actsFor} decides, and without it the authority is undetermined. Default: no client.
   */
  agentClients?: readonly (string | AgentClient)[] | undefined
  /**
   * Asks the issuer about opaque tokens, or about its JWTs as well (RFC 7662). Only one issuer may have it. Default: no
   * token is asked about, and an opaque one is refused (`token_malformed`).
   */
  introspection?: IntrospectionOptions | undefined
  /**
   * Whether a token that is bound to a certificate alone is also accepted under the scheme `DPoP`, as Auth0 sends it.
   * Its certificate is checked all the same. Default: false.
   */
  dpopSchemeForMtls?: boolean | undefined
  /** Checks to give up. Each one weakens this resource. Default: no check is given up. */
  dangerously?: DangerousOptions | undefined
}

/**
 * Knows issuers at run time, such as those of tenants. A plain object. It is asked about the `iss` of tokens whose signature
 * has not been verified: only about an https URL, or http on a loopback host or one that `dangerously.allowHttp` names, of
 * at most 512 characters, without control characters, credentials and fragment. Any other is refused (`token_issuer`).
 * Issuers of the options are never asked about. With a resolver a party rule that names a subject must name its issuer.
 */
export interface IssuerResolver {
  /**
   * The options of the issuer `iss`, or undefined where it is unknown, which refuses the token (`token_issuer`) and is
   * remembered for 30 s, of 1 000 issuers. The options are read as those of the verifier are; their `issuer` must be
   * `iss`, and `introspection` must be for `'all'` tokens. An answer that is no good, an exception, a rejection, an answer
   * later than `hookTimeoutMs` and a 17th question at a time refuse the token (`keys_unavailable`). One question is asked
   * for each issuer at a time. Nothing is fetched before there is an answer. An answer that differs from the one before
   * (functions compared by identity) drops the issuer's keys and cached tokens, and so does undefined. Required.
   */
  resolve(iss: string): IssuerOptions | undefined | Promise<IssuerOptions | undefined>
  /** How many issuers are known at a time; the one unused longest is forgotten first. From 1 to 100 000. Default: 1 000. */
  max?: number | undefined
  /**
   * How long an answer is used without asking again, in whole seconds. From 80 % of it on `resolve` is asked again in the
   * background, where the issuer's tokens still come. While `resolve` fails, the answer counts for as long again. From 1
   * to 86 400. Default: 300.
   */
  freshSeconds?: number | undefined
}

/** A client that is an agent, and for whom it acts where the token names no actor and does not say that its subject is human. */
export interface AgentClient {
  /** The client id (`client_id`). Required. */
  client: string
  /**
   * `'users'`: a subject other than the client is a user, for whom the client acts. `'itself'`: the client acts for itself,
   * whatever its subject is called. Required.
   */
  actsFor: 'users' | 'itself'
}

/**
 * How the fetched keys of one issuer age; their age is the longer of what the wall clock and the monotonic clock say.
 * At least 30 s, or `freshSeconds` where that is less, lie between a fetch that succeeded and the next one. After a fetch
 * that failed the wait is 0.25 s, and twice as long each further time, up to that.
 */
export interface KeyOptions {
  /**
   * How long fetched keys are used without asking again, in whole seconds. From 80 % of it on they are fetched anew in
   * the background. From 1 to 86 400. Default: 600.
   */
  freshSeconds?: number | undefined
  /**
   * How long after a fetch known keys still count while the issuer cannot be reached, in whole seconds; afterwards
   * requests are refused (`keys_unavailable`). Less than `freshSeconds` means the same as `freshSeconds`. From 0 to
   * 604 800. Default: 3 600.
   */
  staleSeconds?: number | undefined
  /** Deadline for one fetch, metadata and keys together, in milliseconds. From 1 to 60 000. Default: 5 000. */
  timeoutMs?: number | undefined
}

/** Checks that an issuer's tokens may skip. A `cnf` or `aud` that is present is enforced all the same. */
export interface DangerousOptions {
  /**
   * Accepts tokens without `cnf` under the scheme `Bearer`: whoever holds such a token can use it. The context then has
   * `sender.method` `'none'` and the warning `unbound_token`. Default: such tokens are refused (`binding_missing`).
   */
  allowUnbound?: true | undefined
  /** Accepts tokens without `aud` for the clients with these ids. Default: they are refused (`token_audience`). */
  allowMissingAudience?: MissingAudienceOptions | undefined
}

/** For which clients a token may lack `aud`. */
export interface MissingAudienceOptions {
  /** Client ids (`client_id`) of that issuer. Required, at least one. */
  clients: readonly string[]
}
