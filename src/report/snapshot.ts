import type { RefusalCode } from '../refusal/table.ts'
import { refusals as refusalTable } from '../refusal/table.ts'
import type { WarningCode } from '../types/context.ts'
import type {
  ReportedBucket,
  ReportedCallers,
  ReportedDelegations,
  ReportedEvents,
  ReportedFlow,
  ReportedLifetimes,
  ReportedProofFailures,
  ReportedReasons,
  ReportedReplays,
  ReportedSenders,
  ReportedShare,
  ReportSnapshot,
} from '../types/report.ts'
import { advise } from './advice.ts'
import { cures } from './cures.ts'
import { authorities, type Figures, lifetimeEnds, type Reasons, senderMethods, stretch } from './figures.ts'
import { decodeGroup, decodeWay, entityKinds, type WayGroup } from './party-code.ts'
import { boundsOf, decodeActor, reportIdentities, reportOwners } from './snapshot-actors.ts'

/** Rows of each list. */
const mostRows = 20
/** Clients that a finding names. */
const mostNamed = 3
/** More than one failed proof in 2 000 is a sign of something wrong. */
const failureThreshold = 0.000_5

export function takeSnapshot(figures: Figures, since: number | null, until: number | null): ReportSnapshot {
  const overTime = reportTime(figures)
  const snapshot = {
    version: 1,
    since,
    until,
    events: reportEvents(figures),
    callers: reportCallers(figures, overTime),
    delegations: reportDelegations(figures),
    senders: reportSenders(figures, overTime.buckets),
    refusals: reportReasons(figures.refusals),
    wouldRefuse: reportReasons(figures.wouldRefuse),
    lifetimes: reportLifetimes(figures),
    owners: reportOwners(figures, mostRows),
    sharedIdentities: reportIdentities(figures, mostRows),
    proofFailures: reportProofs(figures),
    replays: reportReplays(figures, until),
  } as const
  return { ...snapshot, advice: advise({ ...snapshot, unknownClients: figures.unknownClients.largest(mostNamed) }) }
}

function reportEvents({ events }: Figures): ReportedEvents {
  const { authentication, access, refusedByRule } = events
  return {
    total: authentication + access,
    requests: authentication,
    admitted: Math.max(0, events.admitted - refusedByRule),
    refused: events.refused + refusedByRule,
    refusedByRule,
    observed: events.observed,
    access,
    dropped: events.dropped,
    unreadable: events.unreadable,
  }
}

function reportTime({ series }: Figures): ReportedCallers['overTime'] {
  return { bucketMs: series.widthMs, buckets: series.stretches().map(({ start, counts }) => bucketOf(start, counts)) }
}

function bucketOf(start: number, counts: readonly number[]): ReportedBucket {
  const at = (index: number) => counts[index] ?? 0
  return {
    start,
    requests: at(stretch.requests),
    kinds: Object.fromEntries(entityKinds.map((kind, index) => [kind, at(index)])) as ReportedBucket['kinds'],
    unidentified: at(stretch.unidentified),
    refused: at(stretch.refused),
    wouldRefuse: at(stretch.wouldRefuse),
    unbound: at(stretch.unbound),
    bound: at(stretch.bound),
    proofFailures: at(stretch.proofFailures),
    replays: at(stretch.replays),
  }
}

function reportCallers(figures: Figures, overTime: ReportedCallers['overTime']): ReportedCallers {
  const { table } = figures.actors
  const kinds = entityKinds.flatMap((kind, index) =>
    authorities.map((authority, at) => ({
      kind,
      authority,
      requests: figures.kinds[index * authorities.length + at] ?? 0,
    })),
  )
  return {
    kinds: kinds.filter(({ requests }) => requests > 0).sort((a, b) => b.requests - a.requests),
    unidentified: figures.unidentified,
    involvingAgents: figures.involvingAgents,
    actors: {
      distinct: table.names.length,
      exact: table.isExact,
      top: table.largest(mostRows).map((slot) => ({ party: decodeActor(table, slot), ...boundsOf(table, slot) })),
    },
    overTime,
  }
}

function reportDelegations(figures: Figures): ReportedDelegations {
  const ways = figures.ways.table
  const requests = figures.kinds.reduce((sum, count) => sum + count, 0)
  const slots = ways.largest(mostRows)
  const top = slots.map((slot): ReportedFlow => ({ ...decodeWay(ways.names[slot] as string), ...boundsOf(ways, slot) }))
  return {
    requests,
    delegated: entityKinds.reduce((sum, _, index) => sum + (figures.kinds[index * authorities.length] ?? 0), 0),
    principals: { distinct: figures.ways.countPrincipals(), exact: ways.isExact },
    flows: {
      distinct: ways.names.length,
      exact: ways.isExact,
      top,
      rest: requests - top.reduce((sum, flow) => sum + flow.requests, 0),
      others: groupWays(figures.ways, new Set(slots)),
    },
    warnings: descending(figures.warnings).map(([code, count]) => ({ code: code as WarningCode, requests: count })),
  }
}

/** Adds ways up whose principals differ; those that are told one by one are left out. */
function groupWays({ table, groups }: Figures['ways'], told: ReadonlySet<number>): readonly WayGroup[] {
  const sums = new Map<number, { readonly slot: number; requests: number }>()
  for (let slot = 0; slot < groups.length; slot++) {
    const requests = told.has(slot) ? 0 : table.least(slot)
    if (requests === 0) continue
    const name = groups[slot] as number
    const sum = sums.get(name)
    if (sum === undefined) sums.set(name, { slot, requests })
    else sum.requests += requests
  }
  const largest = [...sums.values()].sort((a, b) => b.requests - a.requests).slice(0, mostRows)
  return largest.map(({ slot, requests }) => ({ ...decodeGroup(table.names[slot] as string), requests }))
}

function reportSenders(figures: Figures, buckets: readonly ReportedBucket[]): ReportedSenders {
  return {
    methods: senderMethods.map((method, index) => ({
      method,
      requests: figures.methods[index] ?? 0,
      proven: figures.proven[index] ?? 0,
    })),
    byIssuer: [...figures.issuers]
      .map(([issuer, { requests, unbound }]) => ({ issuer, requests, unbound }))
      .sort((a, b) => b.unbound - a.unbound || b.requests - a.requests),
    trend: trendIn(buckets.filter(({ bound, unbound }) => bound + unbound > 0)),
  }
}

function trendIn(buckets: readonly ReportedBucket[]): ReportedSenders['trend'] {
  if (buckets.length < 4) return null
  const start = buckets[0]?.start ?? 0
  const quarter = ((buckets.at(-1)?.start ?? 0) - start) / 4
  return {
    first: shareOf(buckets.filter((bucket) => bucket.start <= start + quarter)),
    last: shareOf(buckets.filter((bucket) => bucket.start >= start + 3 * quarter)),
  }
}

function shareOf(buckets: readonly ReportedBucket[]): ReportedShare {
  return {
    requests: buckets.reduce((sum, { bound, unbound }) => sum + bound + unbound, 0),
    unbound: buckets.reduce((sum, { unbound }) => sum + unbound, 0),
  }
}

function reportReasons({ requests, byCode }: Reasons): ReportedReasons {
  const rank = Object.keys(refusalTable)
  const rows = [...byCode].map(([code, reason]) => {
    const [hint] = descending(reason.hints)[0] ?? []
    return { code, requests: reason.requests, alone: reason.alone, ...cures[code], option: hint ?? cures[code].option }
  })
  return {
    requests,
    byCode: rows.sort((a, b) => b.requests - a.requests || rank.indexOf(a.code) - rank.indexOf(b.code)),
  }
}

function reportLifetimes({ lifetimes, issuers }: Figures): ReportedLifetimes {
  return {
    requests: lifetimes.counts.reduce((sum, count) => sum + count, 0),
    buckets: lifetimeEnds.map((end, index) => ({ upToSeconds: end, requests: lifetimes.counts[index] ?? 0 })),
    longestSeconds: finiteOrNull(lifetimes.longest),
    overDefault: lifetimes.overDefault,
    byIssuer: [...issuers]
      .map(([issuer, { requests, overDefault, longest }]) => ({
        issuer,
        requests,
        overDefault,
        longestSeconds: finiteOrNull(longest),
      }))
      .sort((a, b) => b.overDefault - a.overDefault || b.requests - a.requests),
  }
}

function reportProofs({ proofs }: Figures): ReportedProofFailures {
  const judged = proofs.valid + proofs.failed
  const rate = judged === 0 ? null : proofs.failed / judged
  return {
    proofs: judged,
    failures: proofs.failed,
    rate,
    threshold: failureThreshold,
    exceeded: rate !== null && rate > failureThreshold,
    byCode: descending(proofs.byCode).map(([code, requests]) => ({ code: code as RefusalCode, requests })),
    nonceRequests: proofs.nonces,
  }
}

function reportReplays({ replays }: Figures, until: number | null): ReportedReplays {
  const { clients } = replays
  const end = until ?? 0
  return {
    attempts: replays.attempts,
    last24Hours: replays.before(end),
    clients: {
      distinct: clients.names.length,
      exact: clients.isExact,
      top: clients.largest(mostRows).map((slot) => {
        const [issuer = '', client = null] = (clients.names[slot] as string).split('\u0000')
        const { requests: attempts, requestsAtMost: attemptsAtMost } = boundsOf(clients, slot)
        return { issuer, client, attempts, attemptsAtMost, last24Hours: replays.ofClient(slot, end) }
      }),
    },
  }
}

function descending(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a)
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
