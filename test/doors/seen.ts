import { type RefusalCode, refusals } from 'onbehalf'
import { expect } from 'vitest'
import { readChallenges } from '../support/challenges.ts'
import type { Answer } from './wire.ts'

/** What a client makes of an answer: everything that must be the same on every door. */
export interface Seen {
  readonly status: number
  readonly type?: string
  /** Scheme → parameters. */
  readonly challenges?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** How many DPoP-Nonce fields. */
  readonly nonces?: number
  readonly retryAfter?: string
  readonly cache?: string
  readonly exposed?: readonly string[]
  /** Parsed JSON; undefined for no body and for the framework's own answers (404, 500). */
  readonly body?: unknown
}

export function see(answer: Answer): Seen {
  const { status } = answer
  const isOfFramework = status === 404 || status === 500
  const [challenge] = valuesOf(answer, 'www-authenticate')
  const [retryAfter] = valuesOf(answer, 'retry-after')
  const [cache] = valuesOf(answer, 'cache-control')
  const [type] = valuesOf(answer, 'content-type')
  const [exposed] = valuesOf(answer, 'access-control-expose-headers')
  const nonces = valuesOf(answer, 'dpop-nonce').length
  return {
    status,
    ...(type !== undefined && !isOfFramework && { type: type.replace(/^(application\/json); charset=utf-8$/i, '$1') }),
    ...(challenge !== undefined && { challenges: readChallenges(challenge) }),
    ...(nonces > 0 && { nonces }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(cache !== undefined && { cache }),
    ...(exposed !== undefined && { exposed: exposed.split(', ').sort() }),
    ...(answer.body !== '' && !isOfFramework && status !== 0 && { body: JSON.parse(answer.body) as unknown }),
  }
}

export function valuesOf({ fields }: Answer, name: string): readonly string[] {
  return fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

export interface RefusedHow {
  /** With which challenge the error stands. Default `DPoP`, which then stands alone; `none` where the caller's scheme is unknown. */
  readonly on?: 'DPoP' | 'Bearer' | 'both' | 'none'
  /** Parameters of every challenge beyond the usual ones. */
  readonly needs?: Readonly<Record<string, string>>
  /** Parameters of the challenge with the error. */
  readonly more?: Readonly<Record<string, string>>
  readonly isNonced?: boolean
  /** A HEAD request: the body is left out. */
  readonly isHead?: boolean
  readonly metadata?: string
  readonly algs?: string
}

const metadataUrl = 'https://api.example.test/.well-known/oauth-protected-resource'
const allAlgs = 'ES256 ES384 Ed25519 EdDSA PS256'

/** A refusal in full, from the one table of refusals. */
export function refused(code: RefusalCode, how: RefusedHow = {}): Seen {
  const { status, error, detail } = refusals[code]
  const hasChallenge = status !== 429 && status !== 503 && (error !== null || status === 401)
  const problem = {
    type: 'about:blank',
    title: titles[status],
    status,
    detail,
    ...(error !== null && { error, error_description: detail }),
    code,
  }
  const isExposing = hasChallenge || how.isNonced || status === 429 || status === 503
  return {
    status,
    type: 'application/problem+json',
    ...(hasChallenge && { challenges: challengesOf(error, detail, how) }),
    ...(how.isNonced && { nonces: 1 }),
    ...((status === 429 || status === 503) && { retryAfter: expect.stringMatching(/^[1-9]\d*$/) as string }),
    cache: 'no-store',
    ...(isExposing && { exposed: ['DPoP-Nonce', 'Retry-After', 'WWW-Authenticate'] }),
    ...(!how.isHead && { body: problem }),
  }
}

function challengesOf(error: string | null, detail: string, how: RefusedHow): NonNullable<Seen['challenges']> {
  const { on = 'DPoP', needs = {}, more = {}, metadata = metadataUrl, algs = allAlgs } = how
  const own = { ...needs, resource_metadata: metadata }
  const withError = (scheme: 'DPoP' | 'Bearer') =>
    error !== null && (on === scheme || on === 'both') ? { error, error_description: detail, ...more } : {}
  const dpop = { DPoP: { ...withError('DPoP'), ...own, algs } }
  // Without an error there was no credential that could be read.
  if (error !== null && on === 'DPoP') return dpop
  return { Bearer: { ...withError('Bearer'), ...own }, ...dpop }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** A handler's answer, whose context has at least these members. */
export function admitted(path: string, context: object = {}, isNonced = false): Seen {
  return {
    status: 200,
    type: 'application/json',
    ...(isNonced && { nonces: 1, cache: 'no-store', exposed: ['DPoP-Nonce', 'Retry-After', 'WWW-Authenticate'] }),
    body: { reached: path, context: expect.objectContaining(context) as unknown },
  }
}
