import type { RefusalCode } from '../refusal/table.ts'
import type { Party } from '../types/context.ts'
import { Actors } from './actors.ts'
import { entityKinds } from './party-code.ts'
import { RecentDecisions } from './recent-decisions.ts'
import { ReplayAttempts } from './replay-attempts.ts'
import { TimeSeries } from './time-series.ts'
import { UnknownClients } from './unknown-clients.ts'
import { Ways } from './ways.ts'

export const authorities = ['delegated', 'independent', 'undetermined'] as const
export const senderMethods = ['dpop', 'mtls', 'dpop+mtls', 'none', null] as const
/** Lifetimes up to so many seconds; the last stretch has no end. */
export const lifetimeEnds: readonly (number | null)[] = [60, 300, 900, 3_600, 28_800, 86_400, null]

/** The counts of one stretch of time: first those of `entityKinds`, in their order, then these. */
export const stretch = {
  requests: 6,
  unidentified: 7,
  refused: 8,
  wouldRefuse: 9,
  unbound: 10,
  bound: 11,
  proofFailures: 12,
  replays: 13,
} as const
const stretchSize = entityKinds.length + Object.keys(stretch).length

/** Everything that a report counts. */
export interface Figures {
  readonly events: {
    authentication: number
    access: number
    admitted: number
    refused: number
    refusedByRule: number
    observed: number
    dropped: number
    unreadable: number
  }
  first: number
  last: number
  /** By kind of the actor, then by authority. */
  readonly kinds: number[]
  unidentified: number
  involvingAgents: number
  readonly unknownClients: UnknownClients
  readonly series: TimeSeries
  readonly actors: Actors
  readonly ways: Ways
  readonly warnings: Map<string, number>
  /** By `senderMethods`. */
  readonly methods: number[]
  readonly proven: number[]
  /** By label. */
  readonly issuers: Map<string, IssuerFigures>
  readonly lifetimes: { readonly counts: number[]; longest: number; overDefault: number }
  readonly owners: { withOwner: number; withoutOwner: number }
  readonly proofs: { valid: number; failed: number; nonces: number; readonly byCode: Map<RefusalCode, number> }
  readonly replays: ReplayAttempts
  readonly refusals: Reasons
  readonly wouldRefuse: Reasons
  readonly recent: RecentDecisions
  /** By the actor of an event. */
  named: WeakMap<Party, NamedParties>
  /** How many were put into `named`. */
  namings: number
}

/** Under which names the parties of a token are counted. */
export interface NamedParties {
  readonly principal: Party
  readonly chain: readonly Party[]
  readonly way: string
  readonly name: string
  /** One of `ownership`. */
  readonly owned: number
}

export interface IssuerFigures {
  requests: number
  unbound: number
  overDefault: number
  longest: number
}

export interface Reasons {
  requests: number
  readonly byCode: Map<RefusalCode, ReasonFigures>
}

export interface ReasonFigures {
  requests: number
  alone: number
  /** How often a refusal named this option as the one that would admit it. */
  readonly hints: Map<string, number>
}

export function createFigures(maxParties: number): Figures {
  return {
    events: {
      authentication: 0,
      access: 0,
      admitted: 0,
      refused: 0,
      refusedByRule: 0,
      observed: 0,
      dropped: 0,
      unreadable: 0,
    },
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
    kinds: new Array<number>(entityKinds.length * authorities.length).fill(0),
    unidentified: 0,
    involvingAgents: 0,
    unknownClients: new UnknownClients(),
    series: new TimeSeries(stretchSize),
    actors: new Actors(maxParties),
    ways: new Ways(maxParties),
    warnings: new Map(),
    methods: senderMethods.map(() => 0),
    proven: senderMethods.map(() => 0),
    issuers: new Map(),
    lifetimes: { counts: lifetimeEnds.map(() => 0), longest: Number.NEGATIVE_INFINITY, overDefault: 0 },
    owners: { withOwner: 0, withoutOwner: 0 },
    proofs: { valid: 0, failed: 0, nonces: 0, byCode: new Map() },
    replays: new ReplayAttempts(),
    refusals: { requests: 0, byCode: new Map() },
    wouldRefuse: { requests: 0, byCode: new Map() },
    recent: new RecentDecisions(),
    named: new WeakMap(),
    namings: 0,
  }
}

/** One more under this name, as long as there are not too many names. */
export function countNamed<K>(counts: Map<K, number>, name: K, mostNames: number): void {
  const known = counts.get(name)
  if (known !== undefined || counts.size < mostNames) counts.set(name, (known ?? 0) + 1)
}
