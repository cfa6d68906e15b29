import { systemClock } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { readNumber } from '../options/read-number.ts'
import type { Clock } from '../types/options.ts'
import type { MemoryRevocationOptions, Revocation, RevocationQuery, RevocationSource } from '../types/revocation.ts'
import { readRevocation, readRevocationAt } from './read-revocation.ts'
import { createRevocationTable } from './revocation-table.ts'

/** What was revoked in this process, as a source for the `revocation` of a verifier. */
export interface MemoryRevocations extends RevocationSource {
  /**
   * Refuses the tokens that it names from the next request on (`token_revoked`), and ends their leases within a second. A
   * second revocation of the same thing can only move `issuedBefore` to a later time. Throws an `OptionsError` for anything
   * but one good revocation, and an `Error` where `maxEntries` are held.
   */
  revoke(revocation: Revocation): void
  /**
   * Takes out the entry of what this revocation names; `issuedBefore` does not count. The tokens are good again. Says whether there was one. Throws an `OptionsError` as `revoke` does.
   */
  forget(revocation: Revocation): boolean
  isRevoked(query: RevocationQuery): boolean
  /** Entries held now. */
  readonly size: number
  readonly maxEntries: number
}

/**
 * Revokes tokens, parties, clients, sessions, owners and keys at once, from the memory of this process. It knows nothing of
 * other processes and is empty after a restart; it does not ask the issuer, and does not know whether what is revoked
 * exists. It drops no entry by itself.
 */
export function memoryRevocations(options: MemoryRevocationOptions = {}): MemoryRevocations {
  const { maxEntries, clock } = readRevocationOptions(options)
  const table = createRevocationTable()
  return {
    revoke(revocation) {
      const { target, issuedBefore } = readRevocationAt(revocation, clock)
      if (table.size >= maxEntries && !table.has(target)) throw new Error('the memory of revocations is full')
      table.set(target, issuedBefore)
    },
    forget: (revocation) => table.delete(readRevocation(revocation).target),
    isRevoked: (query) => table.covers(query),
    get size() {
      return table.size
    },
    maxEntries,
  }
}

const optionNames = namesOf<MemoryRevocationOptions>({ maxEntries: true, clock: true })

function readRevocationOptions(options: unknown): { maxEntries: number; clock: Clock } {
  const read = new OptionReader()
  const raw: RawOptions<keyof MemoryRevocationOptions> = read.object('memoryRevocations', options, optionNames) ?? {}
  const maxEntries = readNumber(read, 'memoryRevocations.maxEntries', raw.maxEntries)
  const clock = read.methods<Clock>('memoryRevocations.clock', raw.clock, ['now', 'monotonic']) ?? systemClock
  read.finish()
  return { maxEntries, clock }
}
