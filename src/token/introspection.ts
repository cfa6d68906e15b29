import { LRUCache } from 'lru-cache'
import { sealedCopy } from '../internal/freeze.ts'
import type { MaybePromise } from '../internal/maybe-promise.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import type { JsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import type { IntrospectionPolicy } from '../options/introspection.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Clock } from '../types/options.ts'
import { type AskedToken, checkAnswer } from './introspection-answer.ts'
import { createIntrospectionClient, failureOf, type IntrospectionClient } from './introspection-client.ts'
import type { Keyring } from './keys.ts'

/** Asking one issuer about tokens (RFC 7662). Tokens are remembered by their SHA-256 only. */
export interface Introspection {
  /** What the issuer says of a token that is active; else the refusal. Never rejects. */
  ask(question: Question): MaybePromise<Answer | Denial>
  /** Finds the endpoint where metadata names it. Rejects where it cannot be found. */
  load(): Promise<void>
  close(): void
}

export interface Question {
  readonly token: string
  readonly tokenHash: string
  readonly asked: AskedToken
}

/** An answer about an active token that has what it must have. */
export interface Answer {
  readonly members: JsonObject
  /** Until when it counts, in monotonic milliseconds. */
  readonly usableUntil: number
  /** Its `exp`, in wall milliseconds: it does not count beyond that either. */
  readonly expiresAt: number
}

export interface IntrospectionSetting {
  readonly token: { readonly toleranceSeconds: number }
  readonly cache: { readonly tokens: number }
  readonly hookTimeoutMs: number
  readonly clock: Clock
  readonly fetch: typeof fetch
}

/** Undefined for an issuer that is not asked. */
export function createIntrospection(
  issuer: IssuerPolicy,
  keyring: Keyring,
  policy: IntrospectionSetting,
): Introspection | undefined {
  const { introspection } = issuer
  if (introspection === undefined) return undefined
  const client = createIntrospectionClient(issuer, introspection, keyring, policy)
  return createDesk(issuer, introspection, client, policy)
}

/** One question per token at a time, a bounded number in all, and a bounded memory of the answers. */
function createDesk(
  issuer: IssuerPolicy,
  { cacheSeconds }: IntrospectionPolicy,
  client: IntrospectionClient,
  { clock, cache }: IntrospectionSetting,
): Introspection {
  const answers = new LRUCache<string, Answer>({ max: cache.tokens })
  /** Until when a token that is not active is not asked about again. Of its own, so that it pushes out no answer. */
  const inactive = new LRUCache<string, number>({ max: Math.min(fixed.inactiveTokens, cache.tokens) })
  const inFlight = new Map<string, Promise<Answer | Denial>>()

  function ask(question: Question): MaybePromise<Answer | Denial> {
    const { tokenHash } = question
    const now = clock.monotonic()
    const known = answers.get(tokenHash)
    if (known !== undefined && now < known.usableUntil && clock.now() < known.expiresAt) return known
    if (now < (inactive.get(tokenHash) ?? Number.NEGATIVE_INFINITY)) return new Denial('token_revoked')
    const underWay = inFlight.get(tokenHash)
    if (underWay !== undefined) return underWay
    if (inFlight.size >= fixed.introspectionsInFlight) return unavailable('too many questions are under way', 1)
    const answer = inquire(question, now).finally(() => inFlight.delete(tokenHash))
    inFlight.set(tokenHash, answer)
    return answer
  }

  async function inquire({ token, tokenHash, asked }: Question, begun: number): Promise<Answer | Denial> {
    let members: JsonObject
    try {
      members = sealedCopy(await client.introspect(token))
    } catch (error) {
      return unavailable(failureOf(error))
    }
    answers.delete(tokenHash)
    const refusal = checkAnswer(members, issuer, asked)
    if (refusal?.code === 'token_revoked') inactive.set(tokenHash, begun + fixed.inactiveSeconds * 1_000)
    if (refusal !== undefined) return refusal
    const { exp } = members
    const expiresAt = isExactNumber(exp) ? exp * 1_000 : Number.POSITIVE_INFINITY
    const answer = { members, usableUntil: begun + cacheSeconds * 1_000, expiresAt }
    if (cacheSeconds > 0) answers.set(tokenHash, answer)
    return answer
  }

  function unavailable(cause: string, retryAfter?: number): Denial {
    return new Denial('introspection_unavailable', { issuer: issuer.issuer, cause }, retryAfter)
  }

  return { ask, load: client.load, close: client.close }
}
