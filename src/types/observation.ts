import type { RefusalCode } from '../refusal/table.ts'
import type { Facts } from './verdict.ts'

/** What `verifier.explain()` finds. It is for operators: nothing in it may decide about a request. */
export interface Explanation {
  /**
   * Every reason to refuse the request, in the order of the checks: the first is what `check` would answer. A member of a
   * token without a good signature is quoted as the caller wrote it.
   */
  readonly reasons: readonly { readonly code: RefusalCode; readonly facts: Facts }[]
  /** Whether the token's signature is good; `unknown` where it could not be verified. */
  readonly signature: 'held' | 'failed' | 'unknown'
  /** Only where the signature held and the chain can be read. */
  readonly parties?: NamedParties
}

/** The subjects of a token's parties. */
export interface NamedParties {
  readonly principal: string
  readonly actor: string
  readonly authority: 'delegated' | 'independent' | 'undetermined'
  /** Everyone the token names as an actor, current actor first. */
  readonly chain: readonly string[]
}

/** What was observed about a request. The request was neither refused nor authenticated by it. */
export interface Observation {
  /** What the request would have been refused for, in the order of the checks. */
  readonly wouldRefuse: readonly RefusalCode[]
  /** Whether the token's signature is good; `unknown` where it could not be verified. */
  readonly signature: 'held' | 'failed' | 'unknown'
  /** Only where the signature held and the chain can be read. */
  readonly parties?: NamedParties
}
