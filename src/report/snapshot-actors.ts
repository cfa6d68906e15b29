import type { ReportedCount, ReportedIdentities, ReportedOwners, ReportedParty } from '../types/report.ts'
import { ownership } from './actors.ts'
import type { Figures } from './figures.ts'
import { greatestSlots, type HeavyHitters } from './heavy-hitters.ts'
import { decodeParty } from './party-code.ts'

export function reportOwners({ owners, actors }: Figures, most: number): ReportedOwners {
  const { table, ownerships } = actors
  const count = (wanted: number) => ownerships.reduce((sum, owned) => (owned === wanted ? sum + 1 : sum), 0)
  const withOwner = count(ownership.known)
  const without = greatestSlots(
    table.names.length,
    (slot) => (ownerships[slot] === ownership.missing ? table.least(slot) : 0),
    most,
  )
  return {
    requests: { ...owners },
    actors: { distinct: withOwner + count(ownership.missing), exact: table.isExact, withOwner },
    without: without.map((slot) => ({ party: decodeActor(table, slot), ...boundsOf(table, slot) })),
  }
}

export function reportIdentities({ actors }: Figures, most: number): ReportedIdentities {
  const { table, keys } = actors
  const slots = [...keys.sharedSlots]
  const largest = greatestSlots(slots.length, (at) => keys.worstOf(slots[at] as number)?.keys ?? 0, most)
  return {
    distinct: keys.shared,
    exact: table.isExact && keys.isExact,
    actors: largest.flatMap((at) => {
      const slot = slots[at] as number
      const worst = keys.worstOf(slot)
      if (worst === undefined) return []
      const day = new Date(worst.day * 86_400_000).toISOString().slice(0, 10)
      return [
        {
          party: decodeActor(table, slot),
          day,
          keys: worst.keys,
          exact: worst.exact && keys.isExact && table.errors[slot] === 0,
        },
      ]
    }),
  }
}

export function decodeActor({ names }: HeavyHitters, slot: number): ReportedParty {
  const name = names[slot] as string
  const end = name.indexOf('\u0000')
  return decodeParty(name.slice(0, end), name.slice(end + 1))
}

export function boundsOf(table: HeavyHitters, slot: number): ReportedCount {
  return { requests: table.least(slot), requestsAtMost: table.counts[slot] as number }
}
