import type { AuditEvent, Party } from 'onbehalf'
import { agentReport, type ReportSnapshot } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { dayUnderAttack, normalDay, observedDay } from './days.ts'
import { accessOf, agent, anonymous, eventOf, failedProof, party, startOfDay, unbound } from './traffic.ts'

/** The figures against a count of all events that is as plain as can be. */

const days = [
  ['a normal day', [...normalDay(4_000)]],
  ['a day under attack', [...dayUnderAttack(4_000)]],
  ['an observed day', [...observedDay(4_000)]],
] as const

function snapshotOf(events: readonly AuditEvent[]): ReportSnapshot {
  const report = agentReport({ clock: 'events' })
  for (const event of events) report.write(event)
  return report.snapshot()
}

test.each(days)('Report: requests and their outcome on %s are those of the events', (_, events) => {
  const { events: figures, since, until } = snapshotOf(events)
  const requests = events.filter(({ phase }) => phase === 'authentication')
  const refusedByRule = new Set(events.filter(isRefusedAccess).map(({ requestId }) => requestId)).size
  const refused = requests.filter(({ decision }) => decision === 'refused').length + refusedByRule
  const observed = requests.filter(({ decision }) => decision === 'observed').length
  expect(figures).toEqual({
    total: events.length,
    requests: requests.length,
    admitted: requests.length - refused - observed,
    refused,
    refusedByRule,
    observed,
    access: events.length - requests.length,
    dropped: 0,
    unreadable: 0,
  })
  expect(since).toBe(Math.min(...events.map(({ time }) => time)))
  expect(until).toBe(Math.max(...events.map(({ time }) => time)))
})

test.each(days)('Report: callers on %s are counted by kind, authority and name', (_, events) => {
  const { callers, delegations } = snapshotOf(events)
  const requests = events.filter(({ phase }) => phase === 'authentication')
  const known = requests.filter(({ actor }) => actor !== null)
  expect(asCounts(callers.kinds, ({ kind, authority }) => `${kind} ${authority}`)).toEqual(
    tally(known.map(({ actor, authority }) => `${actor?.kind} ${authority}`)),
  )
  expect(callers.unidentified).toBe(requests.length - known.length)
  expect(callers.involvingAgents).toBe(known.filter(({ involvesAgent }) => involvesAgent).length)
  const byActor = tally(known.map(({ actor }) => nameOf(actor)))
  expect(callers.actors.distinct).toBe(Object.keys(byActor).length)
  expect(callers.actors.exact).toBe(true)
  for (const { party: found, requests: count, requestsAtMost } of callers.actors.top) {
    expect([count, requestsAtMost]).toEqual([byActor[nameOf(found)], byActor[nameOf(found)]])
  }
  expect(callers.actors.top.map((row) => row.requests)).toEqual(greatest(byActor, 20))
  expect(delegations.requests).toBe(known.length)
})

test.each(days)('Report: ways from principals to this API on %s', (_, events) => {
  const { delegations } = snapshotOf(events)
  const known = events.filter(({ phase, actor }) => phase === 'authentication' && actor !== null)
  const wayOf = (principal: Pick<Party, 'subject'> | null, actors: readonly Pick<Party, 'subject'>[]) =>
    [principal, ...actors].map(nameOf).join(' < ')
  const ways = tally(known.map(({ principal, chain }) => wayOf(principal, chain)))
  expect(delegations.flows.distinct).toBe(Object.keys(ways).length)
  expect(delegations.flows.exact).toBe(true)
  expect(delegations.flows.top.map(({ requests }) => requests)).toEqual(greatest(ways, 20))
  for (const { principal, actors, requests } of delegations.flows.top) {
    expect(requests).toBe(ways[wayOf(principal, actors)])
  }
  const told = delegations.flows.top.reduce((sum, { requests }) => sum + requests, 0)
  expect(delegations.flows.rest).toBe(known.length - told)
  expect(delegations.principals).toEqual({
    distinct: new Set(known.map(({ principal }) => nameOf(principal))).size,
    exact: true,
  })
  expect(delegations.delegated).toBe(known.filter(({ authority }) => authority === 'delegated').length)
})

test.each(days)('Report: the stretches of time on %s add up to the whole', (_, events) => {
  const { callers, events: figures, senders, replays, proofFailures, wouldRefuse } = snapshotOf(events)
  const { buckets, bucketMs } = callers.overTime
  const sum = (of: (bucket: (typeof buckets)[number]) => number) => buckets.reduce((all, bucket) => all + of(bucket), 0)
  expect(buckets.length).toBeGreaterThan(50)
  expect(sum(({ requests }) => requests)).toBe(figures.requests)
  expect(sum(({ refused }) => refused)).toBe(figures.refused)
  expect(sum(({ unidentified }) => unidentified)).toBe(callers.unidentified)
  expect(sum(({ unbound: count }) => count)).toBe(senders.methods.find(({ method }) => method === 'none')?.requests)
  expect(sum(({ replays: count }) => count)).toBe(replays.attempts)
  expect(sum(({ proofFailures: count }) => count)).toBe(proofFailures.failures)
  expect(sum((bucket) => bucket.wouldRefuse)).toBe(wouldRefuse.requests)
  for (const { start, requests } of buckets) {
    const inside = (time: number) => time >= start && time < start + bucketMs
    expect(requests).toBe(events.filter(({ phase, time }) => phase === 'authentication' && inside(time)).length)
  }
})

test.each(days)('Report: refusals and would-be refusals on %s by code, each request once', (_, events) => {
  const { refusals, wouldRefuse } = snapshotOf(events)
  const once = (pairs: readonly string[]) => tally([...new Set(pairs)].map((pair) => pair.split(' ')[0] ?? ''))
  const refused = events.flatMap(({ code, requestId }) => (code === null ? [] : [`${code} ${requestId}`]))
  const would = events.flatMap(({ wouldRefuse: codes, requestId }) => codes.map((code) => `${code} ${requestId}`))
  expect(asCounts(refusals.byCode, ({ code }) => code)).toEqual(once(refused))
  expect(asCounts(wouldRefuse.byCode, ({ code }) => code)).toEqual(once(would))
  const alone = tally(events.flatMap(({ wouldRefuse: codes }) => (codes.length === 1 ? codes : [])))
  expect(
    Object.fromEntries(wouldRefuse.byCode.flatMap((row) => (row.alone === 0 ? [] : [[row.code, row.alone]]))),
  ).toEqual(alone)
})

test.each(days)('Report: proofs, lifetimes and owners on %s', (_, events) => {
  const { senders, lifetimes, owners, proofFailures, replays } = snapshotOf(events)
  const requests = events.filter(({ phase }) => phase === 'authentication')
  const byMethod = tally(requests.map(({ sender }) => String(sender.method)))
  expect(
    asCounts(
      senders.methods.filter((row) => row.requests > 0),
      ({ method }) => String(method),
    ),
  ).toEqual(byMethod)
  const lives = requests.flatMap(({ tokenLifetimeSeconds }) => tokenLifetimeSeconds ?? [])
  expect(lifetimes.requests).toBe(lives.length)
  expect(lifetimes.overDefault).toBe(lives.filter((seconds) => seconds > 300).length)
  expect(lifetimes.longestSeconds).toBe(Math.max(...lives))
  expect(lifetimes.buckets.find(({ upToSeconds }) => upToSeconds === 300)?.requests).toBe(
    lives.filter((seconds) => seconds > 60 && seconds <= 300).length,
  )
  const agents = requests.filter(({ actor }) => actor?.kind === 'agent')
  const owned = agents.filter(({ actor }) => actor?.entity?.owner !== undefined).length
  expect(owners.requests.withOwner).toBe(owned)
  expect(owners.requests.withOwner + owners.requests.withoutOwner).toBeGreaterThanOrEqual(agents.length)
  const replayed = requests.filter(({ proof }) => proof.result === 'replayed')
  expect(replays.attempts).toBe(replayed.length)
  expect(replays.last24Hours).toBe(replayed.length)
  expect(Object.fromEntries(replays.clients.top.map(({ client, attempts }) => [client, attempts]))).toEqual(
    tally(replayed.map(({ client }) => String(client))),
  )
  const isNonce = ({ code, wouldRefuse }: AuditEvent) => [code, ...wouldRefuse].includes('nonce_required')
  expect(proofFailures.failures).toBe(
    requests.filter((event) => /refused|replayed/.test(event.proof.result) && !isNonce(event)).length,
  )
  expect(proofFailures.nonceRequests).toBe(requests.filter(isNonce).length)
})

test('Report: a request with several access events is one request, refused once', () => {
  const event = eventOf()
  const refusal = { code: 'scope_missing', status: 403 } as const
  const { events, refusals } = snapshotOf([event, accessOf(event), accessOf(event, refusal), accessOf(event, refusal)])
  expect(events).toMatchObject({ total: 4, requests: 1, admitted: 0, refused: 1, refusedByRule: 1, access: 3 })
  expect(refusals).toMatchObject({ requests: 1, byCode: [{ code: 'scope_missing', requests: 1, alone: 2 }] })
})

test('Report: an observed request is neither admitted nor refused, and its reasons are counted', () => {
  const seen = eventOf({ decision: 'observed', wouldRefuse: ['token_lifetime', 'proof_replayed'] })
  const { events, refusals, wouldRefuse, replays } = snapshotOf([seen, { ...seen, requestId: 'other' }])
  expect(events).toMatchObject({ requests: 2, admitted: 0, refused: 0, observed: 2 })
  expect(refusals).toEqual({ requests: 0, byCode: [] })
  expect(wouldRefuse.byCode.map(({ code, requests, alone }) => [code, requests, alone])).toEqual([
    ['token_lifetime', 2, 0],
    ['proof_replayed', 2, 0],
  ])
  expect(replays.attempts).toBe(2)
})

test('Report: a reported rule is counted once for a request, beside what authentication reported', () => {
  const event = eventOf({ wouldRefuse: ['token_lifetime'] })
  const rule = accessOf(event, { wouldRefuse: ['scope_missing'] })
  const { wouldRefuse, events } = snapshotOf([event, rule, rule])
  expect(wouldRefuse.requests).toBe(1)
  expect(wouldRefuse.byCode.map(({ code, requests }) => [code, requests])).toEqual([
    ['token_lifetime', 1],
    ['scope_missing', 1],
  ])
  expect(events.admitted).toBe(1)
})

test('Report: different proof keys of one actor within a day are a shared identity, on different days they are not', () => {
  const by = (key: string, time: number, actor = agent('shared')) =>
    eventOf({ actor, time, sender: { method: 'dpop', thumbprint: key } })
  const day = 86_400_000
  const rotating = agent('rotating')
  const { sharedIdentities } = snapshotOf([
    by('a', startOfDay),
    by('b', startOfDay + 1),
    by('a', startOfDay + 2),
    by('c', startOfDay + day - 1),
    by('d', startOfDay + day),
    by('a', startOfDay, rotating),
    by('b', startOfDay + day, rotating),
  ])
  expect(sharedIdentities).toMatchObject({ distinct: 1, exact: true })
  expect(sharedIdentities.actors).toEqual([
    { party: partyOf('shared', 'agent'), day: '2026-11-25', keys: 3, exact: true },
  ])
})

test('Report: replay attempts of the last 24 hours leave older ones out', () => {
  const hour = 3_600_000
  const replayAt = (time: number) => eventOf({ time, client: 'captured', ...failedProof('proof_replayed') })
  const { replays } = snapshotOf([
    replayAt(startOfDay),
    replayAt(startOfDay + hour),
    replayAt(startOfDay + 2 * hour),
    eventOf({ time: startOfDay + 25 * hour }),
  ])
  expect(replays).toMatchObject({ attempts: 3, last24Hours: 1 })
  expect(replays.clients.top[0]).toMatchObject({ client: 'captured', attempts: 3, last24Hours: 1 })
})

test('Report: the trend of unbound tokens compares the first with the last quarter of the time', () => {
  const hour = 3_600_000
  const at = (hours: number, given: Partial<AuditEvent>) => eventOf({ time: startOfDay + hours * hour, ...given })
  const { senders } = snapshotOf([
    at(0, unbound),
    at(0, unbound),
    at(5, unbound),
    at(12, {}),
    at(20, unbound),
    at(20, {}),
  ])
  expect(senders.trend).toEqual({ first: { requests: 3, unbound: 3 }, last: { requests: 2, unbound: 1 } })
})

test('Report: parties are told apart by issuer and by what asserted them, not by subject alone', () => {
  const same = [
    party('7', 'human'),
    party('7', 'human', { issuer: null }),
    party('7', 'human', { issuer: 'https://other.example' }),
    party('7', 'human', { assertedBy: 'https://other.example', issuer: 'https://other.example' }),
    party('7', 'human', { clientId: '7' }),
  ]
  const { callers } = snapshotOf(same.map((principal) => eventOf({ principal })))
  expect(callers.actors.distinct).toBe(5)
})

test('Report: dropped events are counted, and an event without a time is not', () => {
  const report = agentReport({ clock: () => startOfDay })
  report.write({ version: 1, id: 'dropped-1', time: startOfDay, dropped: 17 })
  report.write(eventOf({ time: Number.NaN }))
  expect(report.snapshot().events).toMatchObject({ total: 0, dropped: 17, unreadable: 1 })
})

test('Report: with a clock it lasts from its making until now, with the time of events from the first to the last', () => {
  let now = startOfDay
  const live = agentReport({ clock: () => now })
  const logged = agentReport({ clock: 'events' })
  expect(logged.snapshot()).toMatchObject({ since: null, until: null })
  for (const report of [live, logged]) {
    report.write(eventOf({ time: startOfDay + 2_000 }))
    report.write(eventOf({ time: startOfDay + 1_000 }))
  }
  now = startOfDay + 9_000
  expect(live.snapshot()).toMatchObject({ since: startOfDay, until: startOfDay + 9_000 })
  expect(logged.snapshot()).toMatchObject({ since: startOfDay + 1_000, until: startOfDay + 2_000 })
})

test('Report: a hint of the refusal comes before the option of the table', () => {
  const hint = 'issuer[3].maxTokenSeconds'
  const { refusals } = snapshotOf([
    anonymous('token_lifetime', { facts: { hint } }),
    anonymous('token_lifetime', { facts: { hint } }),
    anonymous('token_lifetime', { facts: { hint: 'issuer[1].maxTokenSeconds' } }),
    anonymous('token_audience'),
  ])
  expect(refusals.byCode.map(({ option }) => option)).toEqual([hint, 'issuer.audience'])
})

function isRefusedAccess({ phase, code }: AuditEvent): boolean {
  return phase === 'access' && code !== null
}

function nameOf(of: Pick<Party, 'subject'> | null): string {
  return of?.subject ?? ''
}

function partyOf(subject: string, kind: Party['kind']): object {
  const { issuer, assertedBy } = party(subject, kind)
  return { subject, kind, issuer, assertedBy }
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function asCounts<T extends { readonly requests: number }>(rows: readonly T[], nameOfRow: (row: T) => string): object {
  return Object.fromEntries(rows.map((row) => [nameOfRow(row), row.requests]))
}

function greatest(counts: Readonly<Record<string, number>>, most: number): readonly number[] {
  return Object.values(counts)
    .sort((a, b) => b - a)
    .slice(0, most)
}
