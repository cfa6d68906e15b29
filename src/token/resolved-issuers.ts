import { LRUCache } from 'lru-cache'
import { type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { NoAnswer } from '../internal/no-answer.ts'
import { hintAtWrongResolver } from '../internal/process-warnings.ts'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { ResolverPolicy } from '../options/issuer-resolver.ts'
import { isSameIssuer } from '../options/same-issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { IntrospectionSetting } from './introspection.ts'
import { createResolvedIssuer, type Moment, type ResolvedIssuer } from './resolved-issuer.ts'
import type { ResolverTurns } from './resolver-turns.ts'

/** What one resolver has said. The sender of a token chooses what it is asked about, so every table has a bound. */
export interface ResolvedIssuers {
  /** Undefined for an issuer that the resolver does not know. */
  find(iss: string): MaybePromise<ResolvedIssuer | Denial | undefined>
  readonly known: number
  readonly unknown: number
  close(): void
}

type Found = ResolvedIssuer | Denial | undefined

export function createResolvedIssuers(
  resolver: ResolverPolicy,
  setting: IntrospectionSetting,
  turns: ResolverTurns,
): ResolvedIssuers {
  const { clock, hookTimeoutMs } = setting
  const known = new LRUCache<string, ResolvedIssuer>({ max: resolver.max, dispose: (issuer) => issuer.drop() })
  /** Until when an issuer counts as unknown, in monotonic milliseconds. Of its own, so that it pushes out no known one. */
  const unknown = new LRUCache<string, number>({ max: fixed.unknownIssuers })
  /** One question for each issuer at a time. */
  const inFlight = new Map<string, Promise<Found>>()
  let isClosed = false

  function find(iss: string): MaybePromise<Found> {
    const issuer = known.get(iss)
    if (issuer === undefined) return isUnknown(iss) ? undefined : askNow(iss)
    if (issuer.isBelieved()) {
      issuer.renewInTime()
      return issuer.isGone ? find(iss) : issuer
    }
    if (!issuer.isHeld()) {
      known.delete(iss)
      return askNow(iss)
    }
    const answer = askNow(iss)
    // No turn was free: to the issuer that is a failure like another.
    return answer instanceof Denial ? (fail(iss) ?? answer) : answer
  }

  function isUnknown(iss: string): boolean {
    return clock.monotonic() < (unknown.get(iss) ?? Number.NEGATIVE_INFINITY)
  }

  /** Joins the question under way. */
  function askNow(iss: string): MaybePromise<Found> {
    const underWay = inFlight.get(iss)
    if (underWay !== undefined) return underWay
    if (isClosed) return unavailable(iss, 'the verifier is closed')
    if (!turns.take()) return unavailable(iss, 'too many issuers are being resolved', 1)
    const answer = ask(iss)
    if (!(answer instanceof Promise)) turns.release()
    return answer
  }

  /** The caller has a turn. That of a promise ends with it. */
  function ask(iss: string): MaybePromise<Found> {
    const begun = { monotonic: clock.monotonic(), wall: clock.now() }
    const answer = settle<unknown>(() => resolver.resolve(iss), hookTimeoutMs)
    if (!(answer instanceof Promise)) return adopt(iss, answer, begun)
    const flight = answer.then((late) => {
      inFlight.delete(iss)
      turns.release()
      return adopt(iss, late, begun)
    })
    inFlight.set(iss, flight)
    return flight
  }

  function adopt(iss: string, answer: unknown, begun: Moment): Found {
    if (isClosed) return unavailable(iss, 'the verifier is closed')
    if (answer instanceof NoAnswer) return fail(iss) ?? unavailable(iss, `${resolver.path}.resolve(): ${answer.cause}`)
    if (answer === undefined) {
      known.delete(iss)
      unknown.set(iss, begun.monotonic + fixed.unknownIssuerSeconds * 1_000)
      return undefined
    }
    const policy = resolver.readAnswer(answer, iss)
    if (typeof policy !== 'string') return renewed(iss, policy, begun) ?? added(iss, policy, begun)
    // It says neither that the issuer is as it was nor that it is unknown.
    known.delete(iss)
    hintAtWrongResolver(policy)
    return unavailable(iss, policy)
  }

  /** The same answer keeps keys and cached tokens. */
  function renewed(iss: string, policy: IssuerPolicy, begun: Moment): ResolvedIssuer | undefined {
    const issuer = known.peek(iss)
    if (issuer === undefined || !isSameIssuer(issuer.policy, policy)) return undefined
    issuer.confirm(begun)
    return issuer
  }

  function added(iss: string, policy: IssuerPolicy, begun: Moment): ResolvedIssuer {
    const issuer = createResolvedIssuer(policy, begun, {
      setting,
      freshSeconds: resolver.freshSeconds,
      use: () => void known.get(iss),
      renew: () => renewInBackground(iss, issuer),
    })
    known.set(iss, issuer)
    unknown.delete(iss)
    return issuer
  }

  /** A known issuer is held for a while; any other cannot be told from an unknown one. */
  function fail(iss: string): ResolvedIssuer | undefined {
    const issuer = known.peek(iss)
    issuer?.fail()
    return issuer?.isHeld() ? issuer : undefined
  }

  function renewInBackground(iss: string, issuer: ResolvedIssuer): void {
    turns.whenFree(() => {
      if (isClosed || known.peek(iss) !== issuer || inFlight.has(iss)) return false
      return ask(iss) instanceof Promise
    })
  }

  function unavailable(iss: string, cause: string, retryAfter?: number): Denial {
    return new Denial('keys_unavailable', { issuer: iss, cause }, retryAfter)
  }

  return {
    find,
    get known() {
      return known.size
    },
    get unknown() {
      return unknown.size
    },
    close() {
      isClosed = true
      for (const issuer of known.values()) issuer.close()
    },
  }
}
