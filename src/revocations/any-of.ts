import { isThenable, type MaybePromise } from '../internal/maybe-promise.ts'
import { NoAnswer, noAnswerIn, OwnError } from '../internal/no-answer.ts'
import { OptionReader } from '../internal/option-reader.ts'
import type { RevocationQuery, RevocationSource } from '../types/revocation.ts'

/**
 * One source of several: a token is revoked where any of them says so. One that cannot answer (a throw, a rejection,
 * anything but true or false) is an outage, unless another says that the token is revoked. Sources that answer at once are
 * asked first. It answers with a promise only where one of them does; after that wait it asks the others again. It has no
 * deadline of its own: that is `hookTimeoutMs` of the verifier. Throws an `OptionsError` where no source is given, or one
 * has no `isRevoked`.
 */
export function anyOf(...sources: readonly RevocationSource[]): RevocationSource {
  const parts = readSources(sources)
  let quick = parts
  /** Those that have answered with a promise. */
  let slow: readonly RevocationSource[] = []

  function isRevoked(query: RevocationQuery): MaybePromise<boolean> {
    const round: Round = { waits: [], outage: undefined }
    const askedLast = slow
    if (isRevokedBy(quick, query, round) || isRevokedBy(askedLast, query, round)) return true
    return round.waits.length > 0 ? settleRound(round, query) : end(round)
  }

  /** Whether one of them says so at once. */
  function isRevokedBy(asked: readonly RevocationSource[], query: RevocationQuery, round: Round): boolean {
    for (const source of asked) {
      const answer = askPart(source, query)
      if (answer === true) return true
      if (answer instanceof Promise) {
        round.waits.push(answer)
        if (!slow.includes(source)) slow = [...slow, source]
        quick = quick.filter((other) => other !== source)
      } else if (answer instanceof NoAnswer) round.outage = answer
    }
    return false
  }

  /** Comes to an end: a source that answers with a promise is not asked again. */
  async function settleRound(round: Round, query: RevocationQuery): Promise<boolean> {
    const answer = await firstTrue(round)
    const next: Round = { waits: [], outage: answer instanceof NoAnswer ? answer : undefined }
    if (answer === true || isRevokedBy(quick, query, next)) return true
    return next.waits.length > 0 ? settleRound(next, query) : end(next)
  }

  const source: RevocationSource = { isRevoked }
  partsOfSource.set(source, parts)
  return source
}

/** The sources that `anyOf` was given; any other source is its own only part. */
export function partsOf(source: RevocationSource): readonly RevocationSource[] {
  return partsOfSource.get(source) ?? [source]
}

const partsOfSource = new WeakMap<RevocationSource, readonly RevocationSource[]>()

/** Where it cannot tell: why not. */
type RevocationAnswer = boolean | NoAnswer

interface Round {
  /** None of them rejects. */
  readonly waits: Promise<RevocationAnswer>[]
  outage: NoAnswer | undefined
}

function askPart(source: RevocationSource, query: RevocationQuery): MaybePromise<RevocationAnswer> {
  try {
    const answer: unknown = source.isRevoked(query)
    if (!isThenable(answer)) return booleanOrNone(answer)
    return Promise.resolve(answer).then(booleanOrNone, noAnswerIn)
  } catch (error) {
    return noAnswerIn(error)
  }
}

const noBoolean = new NoAnswer('answered neither true nor false')

function booleanOrNone(answer: unknown): RevocationAnswer {
  return typeof answer === 'boolean' ? answer : noBoolean
}

/** True as soon as one says so, however long the others take. */
function firstTrue({ waits, outage }: Round): Promise<RevocationAnswer> {
  return new Promise((resolve) => {
    let left = waits.length
    let answer: RevocationAnswer = outage ?? false
    for (const wait of waits) {
      void wait.then((one) => {
        if (one !== false) answer = one
        if (--left === 0 || one === true) resolve(answer)
      })
    }
  })
}

/** The verifier takes an error for an outage. */
function end({ outage }: Round): false {
  if (outage !== undefined) throw new OwnError(`one of several sources: ${outage.cause}`)
  return false
}

function readSources(sources: readonly unknown[]): readonly RevocationSource[] {
  const read = new OptionReader()
  if (sources.length === 0) read.problem('anyOf', 'needs at least one source')
  const parts = sources.flatMap((source, index) => {
    if (source === undefined) read.problem(`anyOf[${index}]`, 'is missing')
    const given = read.methods<RevocationSource>(`anyOf[${index}]`, source, ['isRevoked'])
    return given === undefined ? [] : partsOf(given)
  })
  read.finish()
  return [...new Set(parts)]
}
