import type { Facts } from '../types/verdict.ts'
import type { RefusalCode } from './table.ts'

const noFacts: Facts = Object.freeze({})

/** Why a step refused. A value, not an exception: throwing costs a hundred times as much. */
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
