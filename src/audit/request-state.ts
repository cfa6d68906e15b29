import { randomUUID } from 'node:crypto'
import type { Parties } from '../context/parties.ts'
import type { Scheme } from '../credentials.ts'
import type { MaybePromise } from '../internal/maybe-promise.ts'
import type { Denial } from '../refusal/denial.ts'
import type { ProofOwner } from '../replay/memory-store.ts'
import type { Confirmation } from '../sender/confirmation.ts'
import type { Proof } from '../sender/proof.ts'
import type { VerifiedToken } from '../token/verify.ts'
import type { AgentContext, Party } from '../types/context.ts'
import type { RevocationQuery } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import type { Verdict } from '../types/verdict.ts'

/** What is derived once per verified token. A refusal found early is kept until it is its turn. */
export interface PreparedToken {
  readonly token: VerifiedToken
  readonly binding: Confirmation | Denial
  readonly parties: Parties | Denial
  /** Known even where the chain is refused. */
  readonly principal: Party
  /** What the sender has proven once every proof held; undefined where the binding is refused. */
  readonly sender: AgentContext['sender'] | undefined
  /** There where binding and parties are. */
  readonly context: AgentContext | undefined
  readonly admitted: Verdict | undefined
  /** Whose share of the replay memory a proof takes. */
  readonly partition: string
  readonly revocationQuery: RevocationQuery
  readonly relaxations: readonly string[]
  /** As whose the built-in memory remembers its proofs; made with the first. */
  proofOwner: ProofOwner | undefined
}

/** Says nothing, or why it refuses. */
export type Step = (attempt: Attempt) => MaybePromise<Denial | undefined>

/** One request on its way through the steps. */
export class Attempt {
  readonly view: RequestView
  /** What the framework calls the request; predicates of the floor get it. */
  readonly request: object
  /** Milliseconds since the epoch, read when the steps begin and after each wait. */
  nowMs: number = Number.NaN
  scheme: Scheme | undefined = undefined
  /** Cleared as soon as it is hashed and verified. */
  accessToken = ''
  tokenHash: string | undefined = undefined
  token: PreparedToken | undefined = undefined
  proof: Proof | undefined = undefined
  /** Every proof the token owes was shown, and used up. */
  isSenderProven = false
  #requestId: string | undefined
  #events = 0

  constructor(view: RequestView, request: object) {
    this.view = view
    this.request = request
  }

  /** Made only when somebody records. */
  get requestId(): string {
    this.#requestId ??= randomUUID()
    return this.#requestId
  }

  /** Of the next event about this request: a number behind its id, as one random id is dear enough. */
  nextEventId(): string {
    return `${this.requestId}-${++this.#events}`
  }
}
