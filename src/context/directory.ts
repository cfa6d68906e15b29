import { LRUCache } from 'lru-cache'
import { readEntityClaims } from '../internal/entity-claims.ts'
import { sealed } from '../internal/freeze.ts'
import { type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { NoAnswer, noAnswerIn } from '../internal/no-answer.ts'
import { sha256 } from '../jose/sha256.ts'
import { fixed } from '../options/defaults.ts'
import type { EntityClaims, Party } from '../types/context.ts'
import type { Directory } from '../types/directory.ts'
import type { Clock } from '../types/options.ts'

export type DirectoryAnswer = EntityClaims | 'disabled' | NoAnswer

/** The user's directory behind a cache. A warm answer is synchronous. */
export interface DirectoryCache {
  /** One answer per party, in order. */
  ask(parties: readonly Party[]): MaybePromise<readonly DirectoryAnswer[]>
  /** The answer that came last, also an old one. It asks nothing, and is undefined where no answer came yet. */
  latest(party: Party): DirectoryAnswer | undefined
}

interface Entry {
  answer: DirectoryAnswer | undefined
  /** When the question of that answer was put, on the monotonic clock. */
  askedAt: number
  asking: Promise<DirectoryAnswer> | undefined
  /** After a failure in the background. */
  pausedUntil: number
}

const maxAgeMs = fixed.directoryAnswerSeconds * 1_000
const refreshAgeMs = maxAgeMs * fixed.directoryRefreshShare

export function createDirectory(directory: Directory, clock: Clock, hookTimeoutMs: number): DirectoryCache {
  const entries = new LRUCache<string, Entry>({ max: fixed.directoryParties })

  function askAbout(party: Party, now: number): MaybePromise<DirectoryAnswer> {
    const entry = entryOf(party)
    const { answer } = entry
    const age = now - entry.askedAt
    const isFresh = age >= 0 && age < maxAgeMs
    if (answer === undefined || !isFresh) return entry.asking ?? putQuestion(entry, party, now)
    if (age < refreshAgeMs || now < entry.pausedUntil || entry.asking !== undefined) return answer
    void putQuestion(entry, party, now)
    return entry.answer ?? answer
  }

  function entryOf(party: Party): Entry {
    const key = keyOf(party)
    const known = entries.get(key)
    if (known !== undefined) return known
    const made: Entry = { answer: undefined, askedAt: 0, asking: undefined, pausedUntil: Number.NEGATIVE_INFINITY }
    entries.set(key, made)
    return made
  }

  /** The answer, or a promise of it that never rejects. */
  function putQuestion(entry: Entry, party: Party, askedAt: number): MaybePromise<DirectoryAnswer> {
    const answer = settle<unknown>(() => directory(withoutEntity(party)), hookTimeoutMs)
    if (!(answer instanceof Promise)) return keep(entry, readDirectoryAnswer(answer), askedAt)
    entry.asking = answer.then((late) => keep(entry, readDirectoryAnswer(late), askedAt))
    return entry.asking
  }

  /** An outage is never kept: the answer before it counts to its own end. */
  function keep(entry: Entry, answer: DirectoryAnswer, askedAt: number): DirectoryAnswer {
    entry.asking = undefined
    if (answer instanceof NoAnswer) {
      entry.pausedUntil = clock.monotonic() + fixed.directoryRetryMs
      return answer
    }
    entry.answer = answer
    entry.askedAt = askedAt
    return answer
  }

  return {
    ask(parties) {
      const now = clock.monotonic()
      const answers = parties.map((party) => askAbout(party, now))
      return answers.some((answer) => answer instanceof Promise)
        ? Promise.all(answers)
        : (answers as readonly DirectoryAnswer[])
    },
    latest: (party) => entries.peek(keyOf(party))?.answer,
  }
}

const keys = new WeakMap<Party, string>()

/**
 * Everything that the directory is shown of the party: an answer about a party of one kind says nothing of another kind.
 * Hashed, so that long names take no more room than short ones.
 */
function keyOf(party: Party): string {
  const known = keys.get(party)
  if (known !== undefined) return known
  const { assertedBy, issuer, subject, clientId = null, kind, kindSource, profiles } = party
  const key = sha256(JSON.stringify([assertedBy, issuer, subject, clientId, kind, kindSource, profiles]))
  keys.set(party, key)
  return key
}

/** What a token says beside the name is no part of the question: the answer serves every token of the party. */
function withoutEntity(party: Party): Party {
  if (party.entity === undefined) return party
  const { entity: _, ...named } = party
  return sealed<Party>(named)
}

const nothing: EntityClaims = sealed({})
const otherShape = new NoAnswer('answered another shape')

/** `disabled` counts although it is inherited, as in an instance of a class: it can only refuse. */
function readDirectoryAnswer(answer: unknown): DirectoryAnswer {
  if (answer === undefined) return nothing
  if (answer instanceof NoAnswer) return answer
  try {
    const claims = readEntityClaims(answer)
    if (claims === undefined) return otherShape
    const { disabled } = answer as { readonly disabled?: unknown }
    if (disabled === undefined) return claims
    return disabled === true ? 'disabled' : otherShape
  } catch (error) {
    return noAnswerIn(error)
  }
}
