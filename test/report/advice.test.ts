import type { AuditEvent, RefusalCode } from 'onbehalf'
import { agentReport, type ReportedAdvice, type ReportSnapshot } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { readLoggedRecord } from '../../src/report/logged-record.ts'
import { agent, anonymous, eventOf, failedProof, party, unbound } from './traffic.ts'

/** What the report tells a team to do next, on the way from an observer to a guard that refuses. */

const option = 'issuer.dangerously.allowUnbound'

function snapshotOf(...groups: readonly (readonly AuditEvent[])[]): ReportSnapshot {
  const report = agentReport({ clock: 'events' })
  for (const event of groups.flat()) report.write(event)
  return report.snapshot()
}

function times(count: number, make: () => AuditEvent): readonly AuditEvent[] {
  return Array.from({ length: count }, make)
}

/** A request beside another guard. */
function observed(wouldRefuse: readonly RefusalCode[], given: Partial<AuditEvent> = {}): AuditEvent {
  return eventOf({ decision: 'observed', wouldRefuse, ...given })
}

function found({ advice }: ReportSnapshot, id: string): ReportedAdvice | undefined {
  return advice.find((finding) => finding.id === id)
}

test.each(['token_signature', 'proof_signature', 'binding_mismatch'] as const)(
  'Report: forged requests that were only observed are to be looked at now, %s',
  (code) => {
    const figures = snapshotOf(
      times(20, () => observed([])),
      [observed([code], { principal: null, actor: null })],
    )
    expect(figures.advice[0]).toMatchObject({ id: 'forgeries', urgency: 'now' })
  },
)

test('Report: what most requests would be refused for comes before what a thief could use', () => {
  const causes: readonly RefusalCode[] = ['token_audience', 'token_lifetime', 'binding_missing']
  const figures = snapshotOf(times(10, () => observed(causes, { ...unbound, tokenLifetimeSeconds: 86_400 })))
  const ids = figures.advice.map(({ id }) => id)
  expect(ids.slice(0, 3)).toEqual(['would_refuse:token_audience', 'unbound_tokens', 'long_lifetimes'])
})

test('Report: a cause of few requests comes after what a thief could use', () => {
  const figures = snapshotOf(
    times(9, () => observed(['binding_missing'], unbound)),
    [observed(['token_audience'])],
  )
  const ids = figures.advice.map(({ id }) => id)
  expect(ids.slice(0, 2)).toEqual(['unbound_tokens', 'would_refuse:token_audience'])
})

test('Report: causes that one option cures are one finding', () => {
  const figures = snapshotOf(times(10, () => observed(['token_type', 'token_claim', 'token_expired'])))
  const ids = figures.advice.map(({ id }) => id)
  expect(ids.slice(0, 2)).toEqual(['would_refuse:token_type', 'would_refuse:token_expired'])
})

test('Report: causes that rules of routes cure are a finding each', () => {
  const figures = snapshotOf([anonymous('scope_missing'), anonymous('actor_unauthorized')])
  const ids = figures.advice.map(({ id }) => id)
  expect(ids.slice(0, 2)).toEqual(['refused:actor_unauthorized', 'refused:scope_missing'])
})

test('Report: each cause that can wait names the check for reportOnly, and the end of an observation names all', () => {
  const causes: readonly RefusalCode[] = ['token_lifetime', 'binding_missing']
  const figures = snapshotOf(times(10, () => observed(causes, { ...unbound, tokenLifetimeSeconds: 900 })))
  expect(found(figures, 'unbound_tokens')).toMatchObject({ option, reportOnly: ['binding_missing'] })
  expect(found(figures, 'long_lifetimes')).toMatchObject({ reportOnly: ['token_lifetime'] })
  expect(found(figures, 'report_only')).toMatchObject({ option: 'reportOnly', reportOnly: causes })
})

test('Report: what must not wait is in no reportOnly', () => {
  const figures = snapshotOf(times(10, () => observed(['token_audience', 'proof_expired', 'token_signature'])))
  expect(figures.advice.flatMap(({ reportOnly }) => reportOnly)).toEqual([])
  expect(found(figures, 'report_only')).toBeDefined()
})

test('Report: a check that only reports is to be taken off reportOnly in the end', () => {
  const wouldRefuse: readonly RefusalCode[] = ['token_lifetime', 'binding_missing']
  const figures = snapshotOf(times(10, () => eventOf({ ...unbound, tokenLifetimeSeconds: 900, wouldRefuse })))
  for (const id of ['unbound_tokens', 'long_lifetimes']) {
    expect(found(figures, id)).toMatchObject({ option: 'reportOnly', reportOnly: [] })
  }
  expect(found(figures, 'report_only')).toBeUndefined()
})

test('Report: unbound tokens that are refused are not told to lose the option that admits them', () => {
  const refused = snapshotOf(times(10, () => eventOf({ ...unbound, code: 'binding_missing', status: 401 })))
  expect(found(refused, 'unbound_tokens')).toMatchObject({ option, reportOnly: ['binding_missing'] })
  const admitted = snapshotOf(times(10, () => eventOf(unbound)))
  expect(found(admitted, 'unbound_tokens')).toMatchObject({ option, reportOnly: [] })
  expect(found(refused, 'unbound_tokens')?.action).not.toBe(found(admitted, 'unbound_tokens')?.action)
})

test('Report: the hint of an observed request is that of its first reason', () => {
  const hint = 'issuer[1].audience'
  const figures = snapshotOf([observed(['token_audience', 'token_lifetime'], { facts: { hint } })])
  const options = figures.wouldRefuse.byCode.map((row) => [row.code, row.option])
  expect(options).toEqual([
    ['token_audience', hint],
    ['token_lifetime', 'issuer.maxTokenSeconds'],
  ])
})

test('Report: the option for tokens bound to a certificate is named only where it helps', () => {
  const figures = snapshotOf([anonymous('binding_scheme')])
  expect(figures.refusals.byCode[0]?.option).toBeNull()
})

test('Report: page and text name the check for reportOnly as the option takes it', () => {
  const report = agentReport({ clock: 'events' })
  for (const event of times(10, () => observed(['binding_missing'], unbound))) report.write(event)
  expect(report.text()).toContain("reportOnly: ['binding_missing']")
  expect(report.html()).toMatch(/reportOnly: \[(&#39;|')binding_missing(&#39;|')\]/)
})

test('Report: a malformed proof is not blamed on its length, unless the refusal says so', () => {
  const broken = (hint?: string) =>
    times(3, () => eventOf({ ...failedProof('proof_malformed'), ...(hint !== undefined && { facts: { hint } }) }))
  expect(found(snapshotOf(broken()), 'proof_failures')).toMatchObject({ option: null })
  expect(found(snapshotOf(broken('dpop.maxBytes')), 'proof_failures')).toMatchObject({ option: 'dpop.maxBytes' })
})

/** A caller of which the token does not say what it is. */
function unknown(subject: string, client: string | null): AuditEvent {
  return eventOf({ principal: party(subject, 'unknown'), client, authority: 'undetermined' })
}

test('Report: callers of unknown kind are named by the client ids that agentClients takes, the most frequent first', () => {
  const events = [
    ...times(2, () => unknown('3f0c-user', 'web-app')),
    unknown('77aa-user', 'web-app'),
    ...times(9, () => unknown('nameless', null)),
    ...times(2, () => unknown('5d1e-user', 'portal')),
    ...times(4, () => unknown('9b2c-account', 'runner')),
    unknown('rare', 'rare'),
    eventOf({ client: 'known-human' }),
    eventOf({ principal: agent('known-agent'), client: 'known-agent' }),
  ]
  const figures = snapshotOf(events)
  const { option, about } = found(figures, 'unknown_kinds') ?? {}
  expect([option, about]).toEqual(['issuer.agentClients', ['runner', 'web-app', 'portal']])
  const logged = events.map((event) => readLoggedRecord(JSON.stringify(event)) as AuditEvent)
  expect(snapshotOf(logged)).toEqual(figures)
})

test('Report: an actor of unknown kind is named by its own client id, and not by the client of the token', () => {
  const named = (actor: ReturnType<typeof party>) => times(3, () => eventOf({ actor, client: 'gateway' }))
  const figures = snapshotOf(
    named(party('account-1', 'unknown', { clientId: 'planner' })),
    named(party('account-2', 'unknown')),
    named(party('gateway', 'unknown')),
  )
  expect(found(figures, 'unknown_kinds')?.about).toEqual(['planner', 'gateway'])
})

test('Report: a client that is registered already is not asked for again', () => {
  const figures = snapshotOf(
    times(3, () => ({ ...unknown('user-1', 'listed'), warnings: ['agent_client_without_actor'] as const })),
  )
  expect(found(figures, 'unknown_kinds')?.about).toEqual([])
})

test('Report: a client of two issuers is named once, and memory of clients is bounded', () => {
  const figures = snapshotOf(
    times(3, () => unknown('user', 'shared')),
    times(3, () => ({ ...unknown('user', 'shared'), issuerLabel: 'https://other.example.com' })),
    times(5_000, () => unknown('user', `client-${Math.random()}`)),
    times(50, () => unknown('user', 'frequent')),
  )
  expect(found(figures, 'unknown_kinds')?.about).toEqual(['frequent', expect.any(String), expect.any(String)])
})
