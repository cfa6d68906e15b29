import type { Requirement as CompiledRequirement } from '../access/requirement.ts'
import type { GuardedRoute } from '../access/route-summary.ts'
import type { OptionProblem } from '../internal/option-reader.ts'
import type { AccessRequirement } from './access.ts'
import type { AgentContext } from './context.ts'
import type { Algorithm } from './options.ts'
import type { RequestView } from './request.ts'
import type { Decision, Refusal, Verdict } from './verdict.ts'

/** What `describe()` prints: the policy in force. */
export interface PolicyDescription {
  readonly resource: string
  readonly publicUrls: readonly string[]
  readonly issuers: readonly {
    readonly issuer: string
    readonly keys: 'static' | 'jwksUri' | 'discovery'
    readonly dialect: string
    readonly audience: readonly string[]
    readonly algorithms: readonly Algorithm[]
    readonly maxTokenSeconds: number
    readonly actorIssuers: 'own' | 'any' | readonly string[] | false
  }[]
  readonly schemes: readonly ('Bearer' | 'DPoP')[]
  readonly dpop:
    | false
    | {
        readonly algorithms: readonly Algorithm[]
        readonly maxAgeSeconds: number
        readonly futureSeconds: number
        readonly maxBytes: number
        readonly freshness: 'iat' | 'nonce' | 'both'
        readonly nonce: false | { readonly mode: 'required'; readonly seconds: number }
        readonly htu: 'rfc9449' | 'strict'
        readonly offload: 'never' | 'adaptive' | 'always'
        readonly replay: {
          readonly store: 'memory' | 'custom'
          readonly scope: 'process' | 'store'
          readonly windowSeconds: number
          readonly capacity: number | null
          readonly requestsPerSecond: number | null
        }
      }
  readonly mtls: false | { readonly certificate: 'socket' }
  readonly token: { readonly clockToleranceSeconds: number; readonly maxBytes: number }
  readonly delegation: { readonly maxDepth: number }
  readonly cache: { readonly tokens: number; readonly tokenSeconds: number; readonly proofKeys: number }
  readonly metadata: string | null
  /** Every setting weaker than the default, by option path. */
  readonly relaxations: readonly string[]
}

/** What `createVerifier` makes. One verifier may serve many routers and adapters. */
export interface Verifier {
  /** Never throws or rejects for the caller's fault. `request`: what the baseline's functions get; default the view. */
  check(view: RequestView, request?: object): Promise<Verdict>
  /**
   * For adapters: the same, synchronous whenever nothing has to be awaited: no keys, hook or shared store, nor a signature
   * that `dpop.offload` gave to another thread.
   */
  checkNow(view: RequestView, request?: object): Verdict | Promise<Verdict>
  /** The same as `check`, throwing {@link AuthError}. */
  verify(view: RequestView): Promise<AgentContext>
  /**
   * Judges a context of this verifier by a route's requirement; throws OptionsError for a wrong one. `request` is what the
   * predicates get; given the view (or the request) that was checked, its audit event has the same requestId.
   */
  authorize<R = unknown>(context: AgentContext, requirement: AccessRequirement<R>, request?: R): Promise<Decision>
  /** For adapters: the same, synchronous whenever nothing has to be awaited. */
  authorizeNow<R = unknown>(
    context: AgentContext,
    requirement: AccessRequirement<R> | CompiledRequirement,
    request?: R,
  ): Decision | Promise<Decision>
  /**
   * Aborts when the token expires or is revoked, within a second: for streams and sockets that outlive their request.
   * Until then nothing else about the request is judged again.
   */
  lease(context: AgentContext): AbortSignal
  /** For adapters: refuses a request that was let in without credentials (optional mode) on a route that needs some. */
  challenge<R = unknown>(
    requirement: AccessRequirement<R> | CompiledRequirement,
    view: RequestView,
  ): Refusal | Promise<Refusal>
  /** The RFC 9728 document, unless `metadata: false`. */
  readonly metadata: ResourceMetadata | undefined
  /** True with an `access` baseline. */
  readonly hasBaseline: boolean
  /** For adapters: judges the party rules of the app's routes. A wrong one is warned of, and {@link Verifier.ready} rejects. */
  checkRoutes(routes: readonly Pick<GuardedRoute, 'path' | 'requirements'>[]): readonly OptionProblem[]
  /**
   * Fetches every issuer's keys; rejects when they cannot be had, and with an OptionsError when a route of the app, as far
   * as it is known, has a rule that does not fit the issuers (Fastify: once ready; Express: once a request was seen).
   */
  ready(): Promise<void>
  describe(): PolicyDescription
  health(): Health
  /** Ends what is under way on the network; no more keys are fetched. */
  close(): void
}

/** RFC 9728: where this resource's metadata is, and what it says. */
export interface ResourceMetadata {
  readonly url: string
  /** Path and query a GET must ask for, exactly. */
  readonly path: string
  /** The document for an app whose routes name these scopes. */
  document(scopes: readonly string[]): Readonly<Record<string, unknown>>
}

export interface Health {
  readonly issuers: readonly {
    readonly issuer: string
    readonly keys: number
    /** Seconds since the keys were last fetched; null for static keys and before the first fetch. */
    readonly ageSeconds: number | null
    readonly stale: boolean
  }[]
  readonly replay: { readonly size: number; readonly capacity: number } | null
  readonly caches: { readonly tokens: number; readonly proofKeys: number }
  readonly audit: { readonly dropped: number; readonly failed: number; readonly pending: number }
}
