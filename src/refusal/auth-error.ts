import type { HeaderList, Problem, Refusal } from '../types/verdict.ts'
import type { RefusalCode } from './table.ts'

const brand = Symbol.for('onbehalf.AuthError')

/**
 * A refusal as an exception, for `verifier.verify()`. Branded, so that `instanceof` holds across two copies of the package.
 * The message is constant text of the code; `cause` holds the facts, for the operator only.
 */
export class AuthError extends Error {
  readonly code: RefusalCode
  readonly status: number
  readonly error: string | null
  readonly headers: HeaderList
  readonly body: Problem

  constructor(refusal: Refusal) {
    super(refusal.body.detail, { cause: refusal.facts })
    this.name = 'AuthError'
    this.code = refusal.code
    this.status = refusal.status
    this.error = refusal.error
    this.headers = withoutEnumerableIndexes(refusal.headers)
    this.body = refusal.body
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** Frameworks copy `error.headers` into the response by own enumerable keys, which would send a field called `0`. */
function withoutEnumerableIndexes(headers: HeaderList): HeaderList {
  const list = [...headers]
  for (const index of list.keys()) Object.defineProperty(list, index, { enumerable: false })
  return Object.freeze(list)
}
