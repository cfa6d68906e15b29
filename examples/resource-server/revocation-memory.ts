import type { RevocationQuery } from 'onbehalf'
import { type MemoryRevocations, memoryRevocations, type Revocation } from 'onbehalf/revocation'

/** What an issuer has said is revoked, for as long as its tokens can live. */
export interface RevocationMemory {
  /** Throws for another issuer's revocation, for one that cannot be read, and where the memory is full. */
  take(revocation: Revocation): void
  /** The issuer knows nothing of tokens from before this time, in seconds. */
  knowsSince(seconds: number): void
  isRevoked(query: RevocationQuery): boolean
  readonly size: number
}

/** Twice the life of the longest token that an API accepts by default. By then no clock calls it alive. */
const keepMs = 600_000

/** `now` in milliseconds of a clock that is never set back. */
export function createRevocationMemory(
  issuer: string,
  now: () => number,
  entries: MemoryRevocations = memoryRevocations({ maxEntries: 100_000 }),
): RevocationMemory {
  const kept = new Map<string, { readonly revocation: Revocation; readonly until: number }>()
  let since = 0

  function forgetOld(): void {
    for (const [target, { revocation, until }] of kept) {
      if (until > now()) return
      kept.delete(target)
      entries.forget(revocation)
    }
  }

  return {
    take(revocation) {
      // An issuer says nothing about the tokens of others.
      if (revocation.issuer !== issuer) throw new Error('the feed names another issuer')
      forgetOld()
      entries.revoke(revocation)
      const { issuedBefore: _, ...target } = revocation
      const name = JSON.stringify(target)
      // Those that were named last stand last.
      kept.delete(name)
      kept.set(name, { revocation, until: now() + keepMs })
    },
    knowsSince(seconds) {
      if (!Number.isFinite(seconds)) throw new Error('the feed does not say since when it knows')
      since = Math.max(since, seconds)
    },
    isRevoked: (query) => (query.issuer === issuer && query.issuedAt < since) || entries.isRevoked(query),
    get size() {
      return kept.size
    },
  }
}
