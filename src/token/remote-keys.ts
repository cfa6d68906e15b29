import { LRUCache } from 'lru-cache'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm, Clock } from '../types/options.ts'
import { type FetchPolicy, withinTime } from './bounded-fetch.ts'
import { describeFailures, FetchError } from './fetch-error.ts'
import { discoverKeysUri, fetchJson } from './issuer-metadata.ts'
import { createKeyPace } from './key-pace.ts'
import {
  describePassedOver,
  type Keyring,
  type KeySet,
  keyFacts,
  maxKeyIdLength,
  noKeys,
  readKeySet,
  selectKey,
  type TokenKey,
  unknownKey,
} from './keys.ts'

const longestCoolDownMs = fixed.keyCoolDownSeconds * 1_000
const maxUnknownKids = 1_000

/**
 * The keys of an issuer on the network. One fetch at a time, none within 30 s of a good one; refreshed in the background
 * before they are old; a failed refresh keeps known keys for a while. Times are monotonic milliseconds, unless they say wall.
 */
export function createRemoteKeyring(issuer: IssuerPolicy, clock: Clock, fetcher: typeof fetch): Keyring {
  const freshMs = issuer.keys.freshSeconds * 1_000
  const coolDownMs = Math.min(longestCoolDownMs, freshMs)
  const staleMs = Math.max(freshMs, issuer.keys.staleSeconds * 1_000)
  const closing = new AbortController()
  /** When each unknown kid was first asked for. Bounded: an evicted one is only asked for anew. */
  const firstSeen = new LRUCache<string, number>({ max: maxUnknownKids })
  const pace = createKeyPace(clock, coolDownMs)
  let set = noKeys
  let fetchedAt = Number.NEGATIVE_INFINITY
  let fetchedAtWall = Number.NEGATIVE_INFINITY
  /** When the last successful fetch began: a kid unknown since then is unknown to the issuer. */
  let begunAt = Number.NEGATIVE_INFINITY
  let inFlight: Promise<void> | undefined
  /** Of the last fetch. */
  let failure: FetchError | undefined

  /** The longer of two: the monotonic clock may stand still while the machine is suspended, the wall clock may be set back. */
  function ageAt(now: number, nowWall = clock.now()): number {
    return Math.max(now - fetchedAt, nowWall - fetchedAtWall)
  }

  /** Past its freshness a set counts only while the issuer cannot be reached. */
  function isBelieved(age: number): boolean {
    return age <= freshMs || (age <= staleMs && failure !== undefined)
  }

  function find(kid: string | undefined, algorithm: Algorithm) {
    if (kid !== undefined && kid.length > maxKeyIdLength) return new Denial('token_key_unknown', keyFacts(kid))
    const now = clock.monotonic()
    const age = ageAt(now)
    const key = selectKey(set, kid, algorithm)
    if (age <= freshMs && key !== undefined) {
      if (age > freshMs * fixed.keyRefreshShare) void refresh(now)
      return key
    }
    const name = kid ?? ''
    // Negated, so that a time that is no number is replaced.
    if (key === undefined && !((firstSeen.peek(name) ?? Number.NaN) <= now)) firstSeen.set(name, now)
    const refreshed = refresh(now)
    // An issuer known to be down is asked behind the request's back.
    const isServable = key !== undefined && failure !== undefined && age <= staleMs
    if (refreshed === undefined || isServable) return judge(kid, algorithm, now)
    return refreshed.then(() => judge(kid, algorithm, clock.monotonic()))
  }

  /** After a fetch, or where none may be made now. */
  function judge(kid: string | undefined, algorithm: Algorithm, now: number): TokenKey | Denial {
    if (!isBelieved(ageAt(now)) || set.keys.length === 0) return unavailable()
    const key = selectKey(set, kid, algorithm)
    if (key !== undefined) {
      firstSeen.delete(kid ?? '')
      return key
    }
    const isKnown = (firstSeen.get(kid ?? '') ?? now) <= begunAt
    return isKnown ? unknownKey(kid, set) : unavailable()
  }

  function unavailable(): Denial {
    const cause = trouble()
    const facts = { issuer: issuer.issuer, ...(cause !== undefined && { cause }) }
    return new Denial('keys_unavailable', facts, Math.max(1, Math.ceil(pace.remaining() / 1_000)))
  }

  /** What the operator must know of an outage. */
  function trouble(): string | undefined {
    if (failure !== undefined) return describeFailures(failure.failures)
    if (set.keys.length > 0) return describePassedOver(set)
    if (begunAt === Number.NEGATIVE_INFINITY) return undefined
    return ['no usable key was published', describePassedOver(set)].filter((part) => part !== undefined).join('; ')
  }

  /** The fetch under way, a new one, or undefined while none may be made. Never rejects. */
  function refresh(now: number): Promise<void> | undefined {
    if (inFlight === undefined && (pace.remaining() > 0 || Number.isNaN(now))) return undefined
    return fetchNow(now)
  }

  function fetchNow(now: number): Promise<void> | undefined {
    if (inFlight !== undefined || closing.signal.aborted) return inFlight
    inFlight = fetchKeys(now).finally(() => {
      inFlight = undefined
    })
    return inFlight
  }

  async function fetchKeys(begun: number): Promise<void> {
    pace.begin()
    const fetchSet = (signal: AbortSignal) => fetchKeySet(issuer, { fetch: fetcher, signal })
    try {
      const fetched = await withinTime(issuer.keys.timeoutMs, closing.signal, fetchSet)
      const [now, nowWall] = [clock.monotonic(), clock.now()]
      if (Number.isNaN(now + nowWall)) throw new Error('the clock has no time')
      adopt(fetched, begun)
      fetchedAt = now
      fetchedAtWall = nowWall
      begunAt = begun
      failure = undefined
      pace.succeeded()
    } catch (error) {
      failure = error instanceof FetchError ? error : new FetchError([], error)
      pace.failed()
    }
  }

  /** Keys that stay keep their identity, so that tokens verified with them stay cached; keys that left are retired. */
  function adopt(next: KeySet, begun: number): void {
    const kept = next.keys.map((key) => set.keys.find((old) => isSameKey(old, key)) ?? key)
    for (const old of set.keys) {
      if (kept.includes(old)) continue
      old.retired = true
      // The issuer has just been asked about it.
      firstSeen.set(old.kid ?? '', begun)
    }
    set = { keys: kept, passedOver: next.passedOver }
  }

  return {
    find,
    vouchesFor(key, nowWall) {
      if (key.retired) return false
      const now = clock.monotonic()
      const age = ageAt(now, nowWall)
      if (age > freshMs * fixed.keyRefreshShare) void refresh(now)
      return isBelieved(age)
    },
    async load() {
      const now = clock.monotonic()
      if (ageAt(now) > freshMs || set.keys.length === 0) await fetchNow(now)
      if (ageAt(clock.monotonic()) <= freshMs && set.keys.length > 0) return
      const cause = failure ?? new Error(trouble() ?? 'closed')
      throw new Error(`The keys of ${issuer.issuer} cannot be had: ${cause.message}`, { cause })
    },
    state() {
      const age = ageAt(clock.monotonic())
      return {
        keys: set.keys.length,
        ageSeconds: Number.isFinite(age) ? Math.round(age / 1_000) : null,
        stale: Number.isFinite(age) && age > freshMs,
        passedOver: set.passedOver,
        failures: failure?.failures ?? [],
      }
    },
    close: () => closing.abort(),
  }
}

/** Discovered anew each time: the issuer may have moved its keys. */
async function fetchKeySet(issuer: IssuerPolicy, policy: FetchPolicy): Promise<KeySet> {
  const uri = issuer.jwksUri ?? (await discoverKeysUri(issuer.issuer, policy, issuer.httpHosts))
  return fetchJson(uri, policy, (document) => {
    const set = readKeySet(document, issuer.algorithms)
    if (set === undefined) throw new Error('answered something that is not a JWK Set')
    return set
  })
}

function isSameKey(a: TokenKey, b: TokenKey): boolean {
  return a.kid === b.kid && a.thumbprint === b.thumbprint && a.key.algorithm === b.key.algorithm
}
