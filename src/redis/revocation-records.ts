import { createRevocationTable } from '../revocations/revocation-table.ts'
import type { Clock } from '../types/options.ts'
import type { RevocationQuery } from '../types/revocation.ts'
import { type Change, sharedTargetOf } from './revocation-change.ts'

/**
 * What one process knows. Changes may come in any order and more than once: a revocation counts unless the same target was
 * forgotten in a later version.
 */
export interface RevocationRecords {
  readonly size: number
  has(field: string): boolean
  covers(query: RevocationQuery): boolean
  /** Throws where the names cannot be read, and where `maxEntries` are held. */
  apply(change: Change): void
  /** Takes out an entry, as if it had never been there. */
  drop(field: string): void
  /** Above every version that was applied. */
  nextVersion(): number
  /** What `others` lack, or have in an earlier version or with an earlier time. */
  missingIn(others: ReadonlyMap<string, Change>, othersForgotten: ReadonlyMap<string, Change>): readonly Change[]
}

export function createRevocationRecords(maxEntries: number, clock: Clock): RevocationRecords {
  const table = createRevocationTable()
  const entries = new Map<string, Change & { kind: 'revoked' }>()
  /** The oldest go first, where there are too many: then only a process that was cut off can bring such an entry back. */
  const forgotten = new Map<string, Change & { kind: 'forgotten' }>()
  let highest = 0

  function applyRevoked(change: Change & { kind: 'revoked' }): void {
    const { field, version, issuedBefore } = change
    if (version < (forgotten.get(field)?.version ?? 0)) return
    const held = entries.get(field)
    if (held !== undefined && held.version >= version && held.issuedBefore >= issuedBefore) return
    if (held === undefined && entries.size >= maxEntries) throw new Error('the memory of revocations is full')
    table.set(sharedTargetOf(field), issuedBefore)
    entries.set(field, {
      kind: 'revoked',
      field,
      version: Math.max(version, held?.version ?? 0),
      issuedBefore: Math.max(issuedBefore, held?.issuedBefore ?? 0),
    })
  }

  function applyForgotten(change: Change & { kind: 'forgotten' }): void {
    const { field, version } = change
    if (version <= (forgotten.get(field)?.version ?? -1)) return
    const held = entries.get(field)
    if (held === undefined) sharedTargetOf(field)
    else if (held.version < version) drop(field)
    forgotten.delete(field)
    forgotten.set(field, change)
    const [oldest] = forgotten.keys()
    if (forgotten.size > maxEntries && oldest !== undefined) forgotten.delete(oldest)
  }

  function drop(field: string): void {
    if (entries.delete(field)) table.delete(sharedTargetOf(field))
  }

  return {
    get size() {
      return entries.size
    },
    has: (field) => entries.has(field),
    covers: (query) => table.covers(query),
    apply(change) {
      highest = Math.max(highest, change.version)
      if (change.kind === 'revoked') applyRevoked(change)
      else applyForgotten(change)
    },
    drop,
    nextVersion() {
      const now = Math.floor(clock.now())
      highest = Math.max(highest + 1, Number.isSafeInteger(now) ? now : 0)
      return highest
    },
    missingIn(others, othersForgotten) {
      const isMissing = (change: Change) => {
        const other = (change.kind === 'revoked' ? others : othersForgotten).get(change.field)
        if (other === undefined || other.version < change.version) return true
        return change.kind === 'revoked' && other.kind === 'revoked' && other.issuedBefore < change.issuedBefore
      }
      return [...forgotten.values(), ...entries.values()].filter(isMissing)
    },
  }
}
