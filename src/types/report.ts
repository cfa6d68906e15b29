import type { RefusalCode } from '../refusal/table.ts'
import type { AuditRecord, AuditSink } from './audit.ts'
import type { AgentContext, EntityKind, WarningCode } from './context.ts'
import type { ReportableCheck } from './options.ts'

/** An audit sink that keeps figures in bounded memory, and makes a report of them. */
export interface AgentReport extends AuditSink {
  /** Counts one record. It answers at once, and keeps no event. */
  write(record: AuditRecord): void
  /** The figures as plain JSON data. Names in it are as the tokens have them: escape them where you show them. */
  snapshot(): ReportSnapshot
  /** One self-contained page, without scripts; names are escaped. */
  html(): string
  /** The same for a terminal or a mail, in lines of about 80 characters; names are escaped. */
  text(): string
}

/** What `snapshot()` gives. Times are milliseconds since the epoch; counts are exact unless a member says how they are bounded. */
export interface ReportSnapshot {
  readonly version: 1
  /** Null where nothing was seen and the time comes from the events. */
  readonly since: number | null
  readonly until: number | null
  readonly events: ReportedEvents
  readonly callers: ReportedCallers
  readonly delegations: ReportedDelegations
  readonly senders: ReportedSenders
  readonly refusals: ReportedReasons
  readonly wouldRefuse: ReportedReasons
  readonly lifetimes: ReportedLifetimes
  readonly owners: ReportedOwners
  readonly sharedIdentities: ReportedIdentities
  readonly proofFailures: ReportedProofFailures
  readonly replays: ReportedReplays
  /** What to do next, the most important first. */
  readonly advice: readonly ReportedAdvice[]
}

export interface ReportedEvents {
  /** Authentication and access events. */
  readonly total: number
  /** One for each authentication event. */
  readonly requests: number
  /** Requests that neither authentication nor a rule refused. */
  readonly admitted: number
  /** Requests that authentication or at least one rule refused. */
  readonly refused: number
  /** Of the refused ones, those whose authentication held. */
  readonly refusedByRule: number
  /** Requests that were judged beside another guard, which neither waited nor were refused. */
  readonly observed: number
  /** Decisions about rules of routes. */
  readonly access: number
  /** Events that never reached the report, because a sink was too slow. Where there are some, all figures are too low. */
  readonly dropped: number
  /** Events that could not be counted, because their time is no time. */
  readonly unreadable: number
}

export interface ReportedParty {
  readonly subject: string
  readonly issuer: string | null
  readonly assertedBy: string
  readonly kind: EntityKind
}

/** A count that may be bounded: it lies between the two, and is exact where they are equal. */
export interface ReportedCount {
  readonly requests: number
  readonly requestsAtMost: number
}

/** How many different ones there are; `exact` is false where there are at least so many. */
export interface ReportedDistinct {
  readonly distinct: number
  readonly exact: boolean
}

export interface ReportedCallers {
  /** By the kind of the actor, that is of who calls, and by authority. */
  readonly kinds: readonly {
    readonly kind: EntityKind
    readonly authority: AgentContext['authority']
    readonly requests: number
  }[]
  /** Requests without a token whose signature held, or whose parties could not be read. */
  readonly unidentified: number
  /** Requests in which an agent takes part: as principal, actor, earlier actor or client. */
  readonly involvingAgents: number
  readonly actors: ReportedDistinct & {
    /** Those that call most. */
    readonly top: readonly (ReportedCount & { readonly party: ReportedParty })[]
  }
  readonly overTime: { readonly bucketMs: number; readonly buckets: readonly ReportedBucket[] }
}

/** What began within one stretch of time. Stretches without a request are left out. */
export interface ReportedBucket {
  readonly start: number
  readonly requests: number
  readonly kinds: Readonly<Record<EntityKind, number>>
  readonly unidentified: number
  readonly refused: number
  readonly wouldRefuse: number
  /** Requests with a token that names no key and no certificate. */
  readonly unbound: number
  readonly bound: number
  readonly proofFailures: number
  readonly replays: number
}

export interface ReportedDelegations {
  /** Requests whose parties are known. */
  readonly requests: number
  /** Those in which an actor uses the authority of another principal. */
  readonly delegated: number
  readonly principals: ReportedDistinct
  /** Ways from a principal over actors to this API: whether all of them are counted. */
  readonly flows: ReportedDistinct & {
    readonly top: readonly ReportedFlow[]
    /** Requests on all other ways. */
    readonly rest: number
    /** Those, by the kind of the principal and by the actor (null: the principal itself); at least so many, the most first. */
    readonly others: readonly {
      readonly principalKind: EntityKind
      readonly actor: ReportedParty | null
      readonly requests: number
    }[]
  }
  /** Warnings of contexts, the most frequent first. */
  readonly warnings: readonly { readonly code: WarningCode; readonly requests: number }[]
}

export interface ReportedFlow extends ReportedCount {
  readonly principal: ReportedParty
  /** Current actor first; empty where the principal calls itself. Three at most. */
  readonly actors: readonly ReportedParty[]
  /** How many earlier actors there are beside those. */
  readonly earlier: number
}

export interface ReportedSenders {
  /** By the proof that the token asks for; null: no signed token, or a binding that this package does not know. */
  readonly methods: readonly {
    readonly method: 'dpop' | 'mtls' | 'dpop+mtls' | 'none' | null
    readonly requests: number
    /** Of them, those whose proof was given and held. */
    readonly proven: number
  }[]
  readonly byIssuer: readonly { readonly issuer: string; readonly requests: number; readonly unbound: number }[]
  /** Unbound tokens in the first and in the last quarter of the time; null where there is too little to compare. */
  readonly trend: { readonly first: ReportedShare; readonly last: ReportedShare } | null
}

export interface ReportedShare {
  readonly requests: number
  readonly unbound: number
}

export interface ReportedReasons {
  /** Requests with at least one reason. */
  readonly requests: number
  readonly byCode: readonly {
    readonly code: RefusalCode
    readonly requests: number
    /** Decisions that had no other reason. */
    readonly alone: number
    /** The option that would admit it, or that it depends on; null where there is none. */
    readonly option: string | null
    /** What to set at the issuer; null where nothing there changes it. */
    readonly issuerSetting: string | null
    readonly action: string
  }[]
}

export interface ReportedLifetimes {
  /** Requests with a signed token whose lifetime is known. */
  readonly requests: number
  readonly buckets: readonly { readonly upToSeconds: number | null; readonly requests: number }[]
  /** Null where there is none. */
  readonly longestSeconds: number | null
  /** Requests with a token that lives longer than the default of `issuer.maxTokenSeconds`. */
  readonly overDefault: number
  readonly byIssuer: readonly {
    readonly issuer: string
    readonly requests: number
    readonly overDefault: number
    readonly longestSeconds: number | null
  }[]
}

/** Of actors that `delegation.requireOwner` concerns. */
export interface ReportedOwners {
  readonly requests: { readonly withOwner: number; readonly withoutOwner: number }
  readonly actors: ReportedDistinct & { readonly withOwner: number }
  /** Actors without an owner that call most. */
  readonly without: readonly (ReportedCount & { readonly party: ReportedParty })[]
}

/** Actors that proved more than one key within a day (UTC). */
export interface ReportedIdentities extends ReportedDistinct {
  readonly actors: readonly {
    readonly party: ReportedParty
    /** The day with the most keys, as `YYYY-MM-DD`. */
    readonly day: string
    readonly keys: number
    /** False: there are at least so many. */
    readonly exact: boolean
  }[]
}

export interface ReportedProofFailures {
  /** Proofs that were judged. Questions for a nonce are not among them. */
  readonly proofs: number
  /** Of them, those that were refused or replayed. */
  readonly failures: number
  /** Null where no proof was judged. */
  readonly rate: number | null
  readonly threshold: number
  readonly exceeded: boolean
  readonly byCode: readonly { readonly code: RefusalCode; readonly requests: number }[]
  /** Requests that were answered with a nonce. */
  readonly nonceRequests: number
}

export interface ReportedReplays {
  readonly attempts: number
  /** By whole hours (UTC), ending with the hour of `until`. */
  readonly last24Hours: number
  readonly clients: ReportedDistinct & {
    readonly top: readonly {
      readonly issuer: string
      readonly client: string | null
      readonly attempts: number
      readonly attemptsAtMost: number
      readonly last24Hours: number
    }[]
  }
}

export interface ReportedAdvice {
  readonly id: string
  readonly urgency: 'now' | 'soon' | 'next'
  readonly finding: string
  readonly action: string
  /** An option of this package, by its path. */
  readonly option: string | null
  readonly issuerSetting: string | null
  /** Checks that the option `reportOnly` may list until the cause is gone; empty where it lists them already, or should not. */
  readonly reportOnly: readonly ReportableCheck[]
  /** Issuers, clients or parties that it concerns most, as the tokens name them. */
  readonly about: readonly string[]
}
