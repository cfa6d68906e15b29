import { LRUCache } from 'lru-cache'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm, Clock } from '../types/options.ts'
import { discoverKeysUri, fetchJson } from './issuer-metadata.ts'
import { type Keyring, type KeySet, keyFacts, maxKeyIdLength, readKeySet, selectKey, type TokenKey } from './keys.ts'

const longestCoolDownMs = fixed.keyCoolDownSeconds * 1_000
const maxUnknownKids = 1_000

/**
 * The keys of an issuer on the network. One fetch at a time, none within 30 s of the last; refreshed in the background
 * before they are old; a failed refresh keeps known keys for a while. All times here are monotonic milliseconds.
 */
export function createRemoteKeyring(issuer: IssuerPolicy, clock: Clock, fetcher: typeof fetch): Keyring {
  const freshMs = issuer.keys.freshSeconds * 1_000
  const coolDownMs = Math.min(longestCoolDownMs, freshMs)
  const staleMs = Math.max(freshMs, issuer.keys.staleSeconds * 1_000)
  const closing = new AbortController()
  /** When each unknown kid was first asked for. Bounded: an evicted one is only asked for anew. */
  const firstSeen = new LRUCache<string, number>({ max: maxUnknownKids })
  let keys: KeySet = []
  let fetchedAt = Number.NEGATIVE_INFINITY
  /** When the last successful fetch began: a kid unknown since then is unknown to the issuer. */
  let begunAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let inFlight: Promise<boolean> | undefined
  let lastError = 'not fetched yet'
  let isFailing = false

  function find(kid: string | undefined, algorithm: Algorithm) {
    if (kid !== undefined && kid.length > maxKeyIdLength) return new Denial('token_key_unknown', keyFacts(kid))
    const now = clock.monotonic()
    const isFresh = now - fetchedAt <= freshMs
    const key = selectKey(keys, kid, algorithm)
    if (isFresh && key !== undefined) {
      if (now - fetchedAt > freshMs * fixed.keyRefreshShare) void refresh(now)
      return key
    }
    const name = kid ?? ''
    if (key === undefined && !firstSeen.has(name)) firstSeen.set(name, now)
    const refreshed = refresh(now)
    // An issuer known to be down is asked behind the request's back.
    const isServable = key !== undefined && isFailing && now - fetchedAt <= staleMs
    if (refreshed === undefined || isServable) return judge(kid, algorithm, now)
    return refreshed.then(() => judge(kid, algorithm, clock.monotonic()))
  }

  /** After a fetch, or where none may be made now. */
  function judge(kid: string | undefined, algorithm: Algorithm, now: number): TokenKey | Denial {
    const age = now - fetchedAt
    // Past its freshness a set counts only while the issuer cannot be reached.
    if (!(age <= freshMs || (age <= staleMs && isFailing))) return unavailable(now)
    const key = selectKey(keys, kid, algorithm)
    if (key !== undefined) {
      firstSeen.delete(kid ?? '')
      return key
    }
    const known = (firstSeen.get(kid ?? '') ?? now) <= begunAt
    return known ? new Denial('token_key_unknown', keyFacts(kid)) : unavailable(now)
  }

  function unavailable(now: number): Denial {
    const wait = Math.ceil((triedAt + coolDownMs - now) / 1_000)
    return new Denial('keys_unavailable', { issuer: issuer.issuer, cause: lastError }, Math.max(1, wait))
  }

  /** The fetch under way, a new one, or undefined during the cool-down. Never rejects. */
  function refresh(now: number): Promise<boolean> | undefined {
    if (inFlight !== undefined) return inFlight
    if (now - triedAt < coolDownMs || closing.signal.aborted) return undefined
    triedAt = now
    inFlight = fetchKeys(now).finally(() => {
      inFlight = undefined
    })
    return inFlight
  }

  async function fetchKeys(begun: number): Promise<boolean> {
    const deadline = new AbortController()
    const abort = () => deadline.abort(new Error('timed out or closed'))
    const timer = setTimeout(abort, issuer.keys.timeoutMs)
    closing.signal.addEventListener('abort', abort)
    try {
      const policy = { fetch: fetcher, signal: deadline.signal, httpHosts: issuer.httpHosts }
      // Discovered anew each time: the issuer may have moved its keys.
      const uri = issuer.jwksUri ?? (await discoverKeysUri(issuer.issuer, policy))
      adopt(readKeySet(await fetchJson(uri, policy), issuer.algorithms), begun)
      fetchedAt = clock.monotonic()
      begunAt = begun
      isFailing = false
    } catch (error) {
      lastError = error instanceof Error ? error.message : 'failed'
      isFailing = true
    } finally {
      clearTimeout(timer)
      closing.signal.removeEventListener('abort', abort)
    }
    return !isFailing
  }

  /** Keys that stay keep their identity, so that tokens verified with them stay cached; keys that left are retired. */
  function adopt(next: KeySet, begun: number): void {
    // An answer without a usable key is an outage of theirs, not the end of all their keys.
    if (next.length === 0) throw new Error('published no usable key')
    const kept = next.map((key) => keys.find((old) => isSameKey(old, key)) ?? key)
    for (const old of keys) {
      if (kept.includes(old)) continue
      old.retired = true
      // The issuer has just been asked about it.
      firstSeen.set(old.kid ?? '', begun)
    }
    keys = kept
  }

  return {
    find,
    vouchesFor(key) {
      if (key.retired) return false
      const age = clock.monotonic() - fetchedAt
      if (age > freshMs * fixed.keyRefreshShare) void refresh(clock.monotonic())
      return age <= freshMs || (age <= staleMs && isFailing)
    },
    async load() {
      if (clock.monotonic() - fetchedAt <= freshMs) return
      const succeeded = await (inFlight ?? refresh(clock.monotonic()))
      if (succeeded !== true) throw new Error(`The keys of ${issuer.issuer} cannot be had: ${lastError}`)
    },
    state() {
      const age = clock.monotonic() - fetchedAt
      return {
        keys: keys.length,
        ageSeconds: Number.isFinite(age) ? Math.round(age / 1_000) : null,
        stale: Number.isFinite(age) && age > freshMs,
      }
    },
    close: () => closing.abort(),
  }
}

function isSameKey(a: TokenKey, b: TokenKey): boolean {
  return a.kid === b.kid && a.thumbprint === b.thumbprint && a.key.algorithm === b.key.algorithm
}
