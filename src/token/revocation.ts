import type { Credentials } from '../credentials.ts'
import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { causeOf } from '../internal/no-answer.ts'
import { Denial } from '../refusal/denial.ts'
import type { RevocationSource } from '../types/revocation.ts'
import type { PreparedToken } from './prepared-token.ts'

declare const asked: unique symbol
declare const settled: unique symbol

/** A verified token about which a synchronous revocation source was asked. Only this file makes one. */
export type CurrentToken = PreparedToken & { readonly [asked]: true }

/** `T`, whose token is not revoked by the answer that came last. Only this file makes one. */
export type Unrevoked<T> = T & { readonly [settled]: true }

/**
 * The revocation source is asked on every request, cached token or not. One that answers at once is asked before the sender
 * is proven. From its first promise on, a source is asked after everything else that has to be awaited, so that its answer is
 * the newest thing known, and only about requests that nothing else refuses.
 */
export interface RevocationCheck {
  check(token: PreparedToken, credentials: Credentials): CurrentToken | Denial
  settle<T extends { readonly token: CurrentToken }>(
    bound: T,
    credentials: Credentials,
  ): MaybePromise<Unrevoked<T> | Denial>
  /** After a wait: asks again, unless the answer that `settle` awaited is the newest. A promise is no answer here: 503. */
  recheckAdmitted(bound: { readonly token: CurrentToken }): Denial | undefined
  /** After a wait of a guard: asks a source that answers at once again. */
  recheck(token: PreparedToken): Denial | undefined
}

export function createRevocationCheck(source: RevocationSource | undefined, hookTimeoutMs: number): RevocationCheck {
  let answersLater = false
  /** The first promise, until the request it belongs to awaits it. */
  const pending = new WeakMap<Credentials, MaybePromise<unknown>>()
  /** What `settle` has asked about, last of all. */
  const confirmed = new WeakSet<object>()

  function ask(token: PreparedToken): MaybePromise<unknown> {
    return settle<unknown>(() => source?.isRevoked(token.revocationQuery), hookTimeoutMs)
  }

  function askAgain(token: PreparedToken): Denial | undefined {
    const answer = ask(token)
    answersLater ||= answer instanceof Promise
    return judge(answer)
  }

  return {
    check(token, credentials) {
      if (source === undefined || answersLater) return token as CurrentToken
      const answer = ask(token)
      if (!(answer instanceof Promise)) return judge(answer) ?? (token as CurrentToken)
      answersLater = true
      pending.set(credentials, answer)
      return token as CurrentToken
    },
    settle(bound, credentials) {
      const unrevoked = bound as Unrevoked<typeof bound>
      if (!answersLater) return unrevoked
      confirmed.add(bound)
      return andThen(pending.get(credentials) ?? ask(bound.token), (answer) => judge(answer) ?? unrevoked)
    },
    recheckAdmitted(bound) {
      if (source === undefined || confirmed.has(bound)) return undefined
      return askAgain(bound.token)
    },
    recheck(token) {
      return source === undefined || answersLater ? undefined : askAgain(token)
    },
  }
}

/** Any answer but true or false, an error or a timeout is an outage: 503. */
function judge(answer: unknown): Denial | undefined {
  if (answer === false) return undefined
  if (answer === true) return new Denial('token_revoked')
  return new Denial('revocation_unavailable', { cause: causeOf(answer, 'answered neither true nor false') })
}
