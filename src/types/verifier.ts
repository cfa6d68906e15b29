import type { Requirement as CompiledRequirement } from '../access/requirement.ts'
import type { GuardedRoute } from '../access/route-summary.ts'
import type { OptionProblem } from '../internal/option-reader.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AccessRequirement } from './access.ts'
import type { AgentContext } from './context.ts'
import type { CustomCertificateHeader } from './mtls-options.ts'
import type { Explanation, Observation } from './observation.ts'
import type { Algorithm, ReportableCheck } from './options.ts'
import type { RequestView } from './request.ts'
import type { Decision, Refusal, Verdict } from './verdict.ts'

/** The policy in force, as `describe()` gives it: plain JSON data without secrets. */
export interface PolicyDescription {
  /** The `resource` option. */
  readonly resource: string
  /** The URLs a proof's `htu` may begin with, normalised and without a trailing slash. */
  readonly publicUrls: readonly string[]
  /** The trusted issuers of the options, in their order; those that a resolver knows are not among them. */
  readonly issuers: readonly {
    /** The issuer identifier. */
    readonly issuer: string
    /** Where its keys come from: the options, a configured URL, or discovery. */
    readonly keys: 'static' | 'jwksUri' | 'discovery'
    /** The accepted audiences. */
    readonly audience: readonly string[]
    /** The accepted signature algorithms of its tokens. */
    readonly algorithms: readonly Algorithm[]
    /** The longest accepted lifetime, in seconds. */
    readonly maxTokenSeconds: number
    /** How its tokens are read: the name of the dialect. */
    readonly dialect: string
    /** Whose actors it may name. */
    readonly actorIssuers: 'own' | 'any' | readonly string[] | false
    /** Which tokens it is asked about, and how; false when it is not asked. */
    readonly introspection:
      | false
      | {
          /** Opaque tokens only, or its JWTs as well. */
          readonly for: 'opaque' | 'all'
          /** Where the endpoint comes from: the options or the issuer's metadata. */
          readonly endpoint: 'configured' | 'discovery'
          /** How this resource authenticates itself there. */
          readonly client: 'client_secret_basic' | 'private_key_jwt'
          /** How long an answer is used, in seconds. */
          readonly cacheSeconds: number
          /** Whether only answers that the issuer signed are taken. */
          readonly signed: boolean
        }
  }[]
  /** The issuer resolvers, in the order of the options: how many issuers each may know, and for how many seconds. */
  readonly resolvers: readonly { readonly max: number; readonly freshSeconds: number }[]
  /** The authentication schemes that are accepted. */
  readonly schemes: readonly ('Bearer' | 'DPoP')[]
  /** What is accepted of DPoP proofs; false when DPoP is off. */
  readonly dpop:
    | false
    | {
        /** The accepted signature algorithms of proofs. */
        readonly algorithms: readonly Algorithm[]
        /** How old a proof may be, in seconds. */
        readonly maxAgeSeconds: number
        /** How far ahead its `iat` may lie, in seconds. */
        readonly futureSeconds: number
        /** The longest accepted proof, in bytes. */
        readonly maxBytes: number
        /** What must be fresh. `'on-skew'`: the nonce where a proof has one, else its `iat`. */
        readonly freshness: 'iat' | 'nonce' | 'both' | 'on-skew'
        /** How long a server nonce is accepted, in seconds, and which proofs need one; false when nonces are off. */
        readonly nonce: false | { readonly seconds: number; readonly mode: 'required' | 'on-skew' }
        /** How the `htu` of a proof is compared. */
        readonly htu: 'rfc9449' | 'strict'
        /** Which proof signatures are verified on other threads. */
        readonly offload: 'never' | 'adaptive' | 'always'
        /** What the replay memory can remember. */
        readonly replay: {
          /** Whether it is the built-in store, one of `redisReplayStore`, or one of your own. */
          readonly store: 'memory' | 'redis' | 'custom'
          /**
           * `process`: other processes do not know what it remembers. `shared`: every process with the same server and prefix
           * does. `store`: that depends on the store. `none`: a proof whose time is only reported can be used again.
           */
          readonly scope: 'process' | 'shared' | 'store' | 'none'
          /** For how long a proof has to be remembered at most, in seconds. */
          readonly windowSeconds: number
          /** What a loss or a fail-over of the server means, in sentences; empty for other stores. */
          readonly notes: readonly string[]
          /** How many proofs fit; null for any store but the built-in one. */
          readonly capacity: number | null
          /** How many proofs a second it can take for good; null for any store but the built-in one. */
          readonly requestsPerSecond: number | null
        }
      }
  /** Where client certificates come from; false when certificate-bound tokens are refused. */
  readonly mtls:
    | false
    | {
        /** The TLS connection, a function of yours, or a field that a proxy sets. */
        readonly certificate:
          | 'socket'
          | 'function'
          | {
              /** The name of the field, in lower case. */
              readonly header: string
              /** The form of its value. */
              readonly format: CustomCertificateHeader['format']
              /** Whether it may hold more than one certificate. */
              readonly chain: 'refuse' | 'leaf-first'
              /** The field that must have this value beside it; null where none is asked for. */
              readonly verified: { readonly header: string; readonly equals: string } | null
              /** From whom it is taken. */
              readonly trustedProxies: readonly string[]
              /** What the proxy has to be set up for, in a sentence. */
              readonly requires: string
            }
      }
  /** Clock tolerance in seconds, and the longest accepted token in bytes. */
  readonly token: { readonly clockToleranceSeconds: number; readonly maxBytes: number }
  /** How many nested `act` claims a token may have, whether an actor needs an owner, and whether a directory is asked. */
  readonly delegation: { readonly maxDepth: number; readonly requireOwner: boolean; readonly directory: boolean }
  /** How many entries the caches hold, and how long a token stays, in seconds. */
  readonly cache: { readonly tokens: number; readonly tokenSeconds: number; readonly proofKeys: number }
  /** The URL of the metadata document (RFC 9728 §3); null with `metadata: false`. */
  readonly metadata: string | null
  /** The checks that are made and not enforced. */
  readonly reportOnly: readonly ReportableCheck[]
  /** The path of every option whose setting is weaker than its default. */
  readonly relaxations: readonly string[]
}

/** Made by `createVerifier`. One verifier can serve any number of routers and adapters. */
export interface Verifier {
  /**
   * Judges a request. A request that cannot be admitted gives a verdict, never an exception or rejection. The request is
   * not routed and the requirements of routes are not judged: that is {@link Verifier.authorize}.
   * @param view the request as it arrived
   * @param request what the functions of the baseline get, and what a later `authorize` names; default: the view
   */
  check(view: RequestView, request?: object): Promise<Verdict>
  /**
   * For adapters: `check` without a promise where nothing has to be awaited. It returns a promise while keys are fetched,
   * a hook or a shared store answers later, or `dpop.offload` moved a signature to another thread.
   */
  checkNow(view: RequestView, request?: object): Verdict | Promise<Verdict>
  /** Judges a request like `check` and returns its context; a refusal rejects with {@link AuthError}. */
  verify(view: RequestView): Promise<AgentContext>
  /**
   * Finds every reason to refuse a request, for operators. The checks are those of `check`, and the first reason is its
   * answer, except for what only a store, a hook of yours, an introspection endpoint, a resolver or the directory can tell:
   * they are not asked, nothing is used up and nothing is audited. Keys are fetched for issuers of the options only. The
   * parties are texts, and never a context.
   */
  explain(view: RequestView): Promise<Explanation>
  /**
   * For adapters: what judges requests beside another guard, 64 at a time. It answers at once with a promise that never
   * rejects, or with undefined for a request that is not judged. Throws {@link OptionsError} where the verifier has `access`,
   * `reportOnly`, `dpop.replay` or a required audit sink, which have no meaning where nothing is refused.
   */
  observer(): (view: RequestView) => Promise<Observation> | undefined
  /**
   * Judges a context of this verifier by the requirement of a route. It does not judge the token or the proof again. A
   * wrong requirement rejects with {@link OptionsError}.
   * @param request what the functions of the requirement get; the audit event joins the check that was made with the same
   * object, or else the latest one of the context. A refusal names the scopes of every requirement this object has met.
   */
  authorize<R = unknown>(context: AgentContext, requirement: AccessRequirement<R>, request?: R): Promise<Decision>
  /** For adapters: `authorize` without a promise where nothing has to be awaited. A wrong requirement throws. */
  authorizeNow<R = unknown>(
    context: AgentContext,
    requirement: AccessRequirement<R> | CompiledRequirement,
    request?: R,
    about?: AccessAbout,
  ): Decision | Promise<Decision>
  /**
   * For streams and sockets that outlive their request: a signal that aborts within a second after the token has expired
   * or was revoked, or at once when the verifier is closed. An error of the revocation source aborts it too, and so does the
   * directory with the next answer by which the token would be refused, or with none. Nothing else about the request is
   * judged again. A context that no verifier made gets an aborted signal.
   */
  lease(context: AgentContext): AbortSignal
  /** For adapters in optional mode: the refusal of a request without credentials on a route that has a requirement. */
  challenge<R = unknown>(
    requirement: AccessRequirement<R> | CompiledRequirement,
    view: RequestView,
  ): Refusal | Promise<Refusal>
  /** The protected resource metadata (RFC 9728); undefined with `metadata: false`. */
  readonly metadata: ResourceMetadata | undefined
  /** Whether the `access` option sets a baseline. */
  readonly hasBaseline: boolean
  /**
   * For adapters: the `Vary` of every answer of a guarded route, which is the certificate header where the options name
   * one (RFC 9440 §2.4); else undefined. Verdicts carry it in their headers.
   */
  readonly vary: string | undefined
  /** For adapters: the `resource` of the options. */
  readonly resource: string
  /** For adapters: how long a function of the application may take, in milliseconds. */
  readonly hookTimeoutMs: number
  /**
   * For adapters: judges the party rules of the app's routes by the issuers. It returns the problems of rules not seen
   * before, warns the process of each, and from then on {@link Verifier.ready} rejects with them.
   */
  checkRoutes(routes: readonly Pick<GuardedRoute, 'path' | 'requirements' | 'operations'>[]): readonly OptionProblem[]
  /**
   * Fetches the keys of every issuer of the options that are not fresh; it asks no resolver. It rejects when those of one issuer cannot be fetched, and with
   * an {@link OptionsError} when a known route has a rule that does not fit the issuers (Fastify: once the app is ready;
   * Express: once it has seen a request). Requests need not wait for it: keys are also fetched when a token asks for them.
   */
  ready(): Promise<void>
  /** The policy in force, as a new object at each call. */
  describe(): PolicyDescription
  /** How keys, caches, replay memory and audit are doing now. */
  health(): Health
  /**
   * Ends all leases, aborts fetches under way and fetches no more keys. Then it waits until the audit events have been
   * written, and closes the sinks; events that are left when the time is up are dropped and counted. Requests that still
   * arrive are judged with the keys at hand, but their events are dropped, and a required sink refuses them. It rejects
   * with {@link OptionsError} for wrong options only.
   */
  close(options?: CloseOptions): Promise<void>
}

/** For adapters: what they know of an operation beside its request. */
export interface AccessAbout {
  /** What is asked for where the path does not say it, for the audit event. Default: null. */
  readonly operation?: string | null | undefined
  /** Time has passed since the request was admitted: the life of the token is judged again. Default: false. */
  readonly hasWaited?: boolean | undefined
}

/** Settings of `verifier.close()`. */
export interface CloseOptions {
  /** How long to wait for the audit sinks, in whole milliseconds. From 0 to 600 000. Default: 5 000. */
  timeoutMs?: number | undefined
}

/** The protected resource metadata of one verifier (RFC 9728). */
export interface ResourceMetadata {
  /** The absolute URL of the document (RFC 9728 §3). */
  readonly url: string
  /** The path and query of that URL; the document is served for a GET or HEAD of exactly this target. */
  readonly path: string
  /** Whether `metadata` is true or an object: challenges then name the document, whether this process serves it or not. */
  readonly isExplicit: boolean
  /**
   * For adapters: this process serves the document at the root, by `resourceMetadata` or by a guard there, and challenges
   * name it from now on. A guard does not count where a `publicUrl` has a path: the document lies outside that path.
   */
  declareServed(by: 'resourceMetadata' | 'guard'): void
  /**
   * The document. Its `scopes_supported` has these scopes, those of the baseline and those of the options.
   * @param isPlain whether it is asked for over a connection without TLS, where the server sees no client certificate: the
   * document then does not offer mutual TLS, unless the options name another source of certificates
   */
  document(scopes: readonly string[], isPlain?: boolean): Readonly<Record<string, unknown>>
}

/** The state of a verifier, for readiness checks and metrics. */
export interface Health {
  /** The keys of each issuer of the options. */
  readonly issuers: readonly {
    /** The issuer identifier. */
    readonly issuer: string
    /** How many usable keys are known. */
    readonly keys: number
    /** Seconds since the keys were last fetched; null for static keys and before the first fetch. */
    readonly ageSeconds: number | null
    /** Whether the keys are older than `keys.freshSeconds`. */
    readonly stale: boolean
    /** Keys of the last set that are not used, counted by reason. */
    readonly passedOver: Readonly<Record<string, number>>
    /** Why the last fetch failed: each URL that was tried, without its query, and the reason. Empty after a success. */
    readonly failures: readonly { readonly url: string; readonly reason: string }[]
  }[]
  /**
   * Issuers that resolvers know at run time: how many are known, how many were asked about and are unknown, and how many
   * questions are under way. Null without a resolver.
   */
  readonly resolved: { readonly known: number; readonly unknown: number; readonly pending: number } | null
  /** The replay store. The built-in one tells how many proofs it holds and can hold. Null when DPoP is off. */
  readonly replay: {
    /** Whether it is the built-in store, one of `redisReplayStore`, or one of your own. */
    readonly store: 'memory' | 'redis' | 'custom'
    /** As the store tells it: whether it answers, has its breaker open, or tries again. */
    readonly state?: 'ready' | 'open' | 'probing'
    /** Why the last use of a proof could not be judged. */
    readonly lastError?: string
    /** How many proofs the built-in store holds. */
    readonly size?: number
    /** How many proofs the built-in store can hold. */
    readonly capacity?: number
  } | null
  /** How many verified tokens and imported proof keys are cached. */
  readonly caches: { readonly tokens: number; readonly proofKeys: number }
  /** How many audit events were dropped, could not be written, and wait or are being written. */
  readonly audit: { readonly dropped: number; readonly failed: number; readonly pending: number }
  /** How often each check was overlooked, by the code of its refusal: by `reportOnly` of the options and of requirements. */
  readonly reported: Readonly<Partial<Record<RefusalCode, number>>>
  /** How many requests an observer did not judge, and how many it judges now. */
  readonly observed: { readonly skipped: number; readonly pending: number }
}
