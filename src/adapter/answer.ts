import { synchronousAnswer } from '../internal/maybe-promise.ts'
import { AuthError } from '../refusal/auth-error.ts'
import type { AgentContext } from '../types/context.ts'
import type { AuthInfo } from '../types/mcp.ts'
import type { HeaderList, Refusal } from '../types/verdict.ts'

/** What an adapter does with a request. */
export type Entry =
  | {
      readonly kind: 'admitted'
      readonly context: AgentContext
      readonly headers: HeaderList
      /** Where the settings ask for it. */
      readonly authInfo?: AuthInfo
    }
  /** Let in without credentials, in optional mode. */
  | { readonly kind: 'anonymous'; readonly headers: HeaderList }
  /** Write this response as it stands. */
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** Give the error to the framework's error handling. */
  | { readonly kind: 'handed over'; readonly error: AuthError }

/** A response to write as it stands. */
export interface Answer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string
}

/**
 * Called with each refusal before it is answered. It may replace the body, or hand the error over to the framework. It has
 * no way to admit, and a hook that throws changes nothing.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type OnRefusal<R> = (refusal: Refusal, request: R) => { body?: unknown; handOver?: true } | undefined | void

export function answerRefusal<R>(refusal: Refusal, request: R, onRefusal: OnRefusal<R> | undefined): Entry {
  const wish = askForWish(refusal, request, onRefusal)
  if (wish?.handOver === true) return { kind: 'handed over', error: new AuthError(refusal) }
  return {
    kind: 'answered',
    answer: {
      status: refusal.status,
      headers: [...refusal.headers, ['Content-Type', 'application/problem+json']],
      body: wish?.body ?? JSON.stringify(refusal.body),
    },
  }
}

function askForWish<R>(refusal: Refusal, request: R, onRefusal: OnRefusal<R> | undefined) {
  const wish = synchronousAnswer(() => onRefusal?.(refusal, request))
  if (typeof wish !== 'object' || wish === null) return undefined
  return synchronousAnswer(() => {
    const { body, handOver } = wish
    return { handOver, body: typeof body === 'string' ? body : JSON.stringify(body) }
  })
}
