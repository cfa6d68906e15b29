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

/** A denial that refuses even where `reportOnly` names its code. */
export class FirmDenial extends Denial {}

/**
 * What a judgement has found. Every check goes through `enforced`: the pipeline ends with the first denial, `reportOnly`
 * notes the codes that it names and goes on, `explain` notes all from which one can go on.
 */
export class Findings {
  /** In the order of the checks. */
  readonly noted: readonly Denial[]
  readonly #overlooked: ReadonlySet<RefusalCode>
  readonly #overlooksFirm: boolean

  constructor(overlooked: ReadonlySet<RefusalCode>, overlooksFirm = false) {
    this.noted = overlooked.size === 0 ? nothingNoted : []
    this.#overlooked = overlooked
    this.#overlooksFirm = overlooksFirm
  }

  /** The denial where it ends the judgement. Undefined: nothing is wrong, or it was noted. */
  enforced<D extends Denial>(denial: D | undefined): D | undefined {
    if (denial === undefined || !this.#isOverlooked(denial)) return denial
    this.note(denial)
    return undefined
  }

  /** The same check may be made by more than one function; what it found is noted once. */
  note(denial: Denial): void {
    const { code, facts } = denial
    const isKnown = this.noted.some((known) => known.code === code && known.facts.claim === facts.claim)
    if (!isKnown) (this.noted as Denial[]).push(denial)
  }

  #isOverlooked(denial: Denial): boolean {
    return this.#overlooked.has(denial.code) && (this.#overlooksFirm || !(denial instanceof FirmDenial))
  }
}

const nothingNoted: readonly Denial[] = Object.freeze([])

/** Of a judgement that ends with the first denial. */
export const strict: Findings = new Findings(new Set())

/** The codes of denials, each once; one frozen list where there are none. */
export function codesOf(denials: readonly Denial[]): readonly RefusalCode[] {
  return denials.length === 0 ? noCodes : Object.freeze([...new Set(denials.map(({ code }) => code))])
}

export const noCodes: readonly RefusalCode[] = Object.freeze([])

/** Calls `step` with what the step before it gave, at once or when it arrives. A denial ends the walk. */
export function next<T, U>(
  result: MaybePromise<T | Denial>,
  step: (value: T) => MaybePromise<U | Denial>,
): MaybePromise<U | Denial> {
  if (result instanceof Promise) return result.then((late) => (late instanceof Denial ? late : step(late)))
  return result instanceof Denial ? result : step(result)
}
