import type { MaybePromise } from '../internal/maybe-promise.ts'
import type { Facts } from '../types/verdict.ts'
import type { RefusalCode } from './table.ts'

const noFacts: Facts = Object.freeze({})

/** Why a step refused. It is a value and not an exception, because throwing costs a hundred times as much. */
export class Denial {
  readonly code: RefusalCode
  readonly facts: Facts
  /** Seconds, for 429 and 503. */
  readonly retryAfter: number

  constructor(code: RefusalCode, facts: Facts = noFacts, retryAfter = 5) {
    this.code = code
    this.facts = Object.freeze(facts)
    this.retryAfter = retryAfter
  }
}

/** The time was not known: nothing about life, freshness or access could be judged. */
export const noTime: Denial = new Denial('policy_unavailable', { cause: 'the clock threw, or answered no time' })

/** Calls `step` with what the step before it gave, at once or when it arrives. A denial ends the walk. */
export function next<T, U>(
  result: MaybePromise<T | Denial>,
  step: (value: T) => MaybePromise<U | Denial>,
): MaybePromise<U | Denial> {
  if (result instanceof Promise) return result.then((late) => (late instanceof Denial ? late : step(late)))
  return result instanceof Denial ? result : step(result)
}
