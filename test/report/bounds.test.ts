import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AuditEvent, OptionsError } from 'onbehalf'
import { agentReport } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { readLoggedRecord } from '../../src/report/logged-record.ts'
import { agent, createRandom, eventOf, failedProof, party, startOfDay } from './traffic.ts'

/** Memory has bounds, and figures beyond them say so. */

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('Report: beyond maxParties counts are bounds that hold, and say that they are', () => {
  const report = agentReport({ maxParties: 100, clock: 'events' })
  const random = createRandom(7)
  const real = new Map<string, number>()
  for (let nth = 0; nth < 40_000; nth++) {
    const name = `agent-${Math.floor(random() ** 4 * 5_000)}`
    real.set(name, (real.get(name) ?? 0) + 1)
    report.write(eventOf({ actor: agent(name), time: startOfDay + nth }))
  }
  const { callers, delegations } = report.snapshot()
  expect(callers.actors).toMatchObject({ distinct: 100, exact: false })
  expect(callers.actors.top).toHaveLength(20)
  for (const { party: found, requests, requestsAtMost } of callers.actors.top) {
    const count = real.get(found.subject) ?? 0
    expect(requests).toBeLessThanOrEqual(count)
    expect(requestsAtMost).toBeGreaterThanOrEqual(count)
  }
  // Space-Saving: a name with more than total / capacity requests is there.
  const frequent = [...real].filter(([, count]) => count > 4_000).map(([name]) => name)
  expect(frequent.length).toBeGreaterThan(0)
  expect(callers.actors.top.map((row) => row.party.subject)).toEqual(expect.arrayContaining(frequent))
  expect(callers.kinds).toEqual([{ kind: 'agent', authority: 'delegated', requests: 40_000 }])
  const told = delegations.flows.top.reduce((sum, { requests }) => sum + requests, 0)
  expect(delegations.flows.rest).toBe(40_000 - told)
  expect(delegations.flows.others.reduce((sum, { requests }) => sum + requests, 0)).toBeLessThanOrEqual(40_000 - told)
  for (const output of [report.html(), report.text()]) expect(output).toContain('at least 100')
})

test('Report: up to maxParties every count is exact', () => {
  const report = agentReport({ maxParties: 100, clock: 'events' })
  for (let nth = 0; nth < 1_000; nth++) report.write(eventOf({ principal: party(`user-${nth % 100}`, 'human') }))
  const { callers, delegations } = report.snapshot()
  expect(callers.actors).toMatchObject({ distinct: 100, exact: true })
  expect(delegations.principals).toEqual({ distinct: 100, exact: true })
  expect(callers.actors.top.every(({ requests, requestsAtMost }) => requests === 10 && requestsAtMost === 10)).toBe(
    true,
  )
})

test('Report: more than 64 keys within a day are told as at least 64', () => {
  const report = agentReport({ clock: 'events' })
  for (let nth = 0; nth < 300; nth++) {
    report.write(eventOf({ actor: agent('crowd'), sender: { method: 'dpop', thumbprint: `key-${nth}` } }))
  }
  expect(report.snapshot().sharedIdentities.actors[0]).toMatchObject({ keys: 64, exact: false })
  expect(report.text()).toContain('at least 64')
})

test('Report: texts of a log that anybody may have written do not fill the memory', () => {
  const report = agentReport({ clock: 'events' })
  const long = (nth: number) => `${nth}`.padEnd(1_000_000, 'x')
  const failed = failedProof('proof_replayed')
  const before = process.memoryUsage().heapUsed
  for (let nth = 0; nth < 20; nth++) {
    const warnings = [`w${long(nth)}`] as unknown as AuditEvent['warnings']
    const event = eventOf({
      requestId: long(nth),
      warnings,
      issuerLabel: long(nth),
      client: `c${long(nth)}`,
      ...failed,
    })
    report.write(readLoggedRecord(JSON.stringify(event)) as AuditEvent)
    report.write(readLoggedRecord(JSON.stringify({ ...event, phase: 'access' })) as AuditEvent)
  }
  const { warnings } = report.snapshot().delegations
  expect(Math.max(...warnings.map(({ code }) => code.length))).toBeLessThan(200)
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6)
})

test('Report: replay attempts of more than 1 000 clients are bounded, their sum is exact', () => {
  const report = agentReport({ clock: 'events' })
  for (let nth = 0; nth < 3_000; nth++) report.write(eventOf({ client: `c-${nth}`, ...failedProof('proof_replayed') }))
  const { replays } = report.snapshot()
  expect(replays).toMatchObject({ attempts: 3_000, last24Hours: 3_000, clients: { distinct: 1_000, exact: false } })
})

test('Report: time is counted in at most 96 stretches, however long it takes, and nothing is lost', () => {
  for (const days of [1, 3, 40, 400, 20_000]) {
    const report = agentReport({ clock: 'events' })
    for (let nth = 0; nth < 500; nth++) report.write(eventOf({ time: startOfDay + (nth * days * 86_400_000) / 499 }))
    const { buckets } = report.snapshot().callers.overTime
    expect(buckets.length).toBeLessThanOrEqual(96)
    expect(buckets.reduce((sum, { requests }) => sum + requests, 0)).toBe(500)
    expect(report.html().length).toBeLessThan(150_000)
  }
})

test('Report: events that come out of order count like those in order', () => {
  const inOrder = Array.from({ length: 200 }, (_, nth) => eventOf({ time: startOfDay + nth * 600_000 }))
  const [one, other] = [agentReport({ clock: 'events' }), agentReport({ clock: 'events' })]
  for (const event of inOrder) one.write(event)
  for (const event of [...inOrder].reverse()) other.write(event)
  expect(other.snapshot().callers.overTime).toEqual(one.snapshot().callers.overTime)
})

test.each([
  [{ maxParties: 99 }],
  [{ maxParties: 100_001 }],
  [{ maxParties: '5' }],
  [{ clock: 5 }],
  [{ other: 1 }],
  [5],
])('Options: %j is refused', (options) => {
  expect(() => agentReport(options as object)).toThrow(OptionsError)
})

test('Report: a line of a log is read, and anything else is not', () => {
  const event = eventOf({ actor: agent('a', 'owner') })
  const line = JSON.stringify({ ...event, seq: 7, previous: 'hash' })
  expect(readLoggedRecord(line)).toMatchObject({ requestId: event.requestId })
  expect(readLoggedRecord('{"version":1,"id":"x","time":1,"dropped":3}')).toMatchObject({ dropped: 3 })
  const broken = [
    '',
    'null',
    '[]',
    line.slice(0, -9),
    JSON.stringify({ ...event, time: '1' }),
    JSON.stringify({ ...event, code: 'constructor' }),
    JSON.stringify({ ...event, phase: 'other' }),
    JSON.stringify({ ...event, principal: { subject: 5 } }),
    JSON.stringify({ ...event, principal: party('a\u0000b', 'human') }),
    JSON.stringify({ ...event, actor: { ...agent('a'), clientId: 5 } }),
    JSON.stringify({ ...event, actor: agent('a', 'owner'), chain: [{ ...agent('a'), clientId: 'a\u0000b' }] }),
    JSON.stringify({ ...event, chain: [null] }),
    JSON.stringify({ ...event, wouldRefuse: ['none'] }),
    JSON.stringify({ ...event, sender: null }),
  ]
  expect(broken.map((text) => readLoggedRecord(text))).toEqual(broken.map(() => undefined))
})

test('Report: a log that is read again gives the same report', () => {
  const [live, logged] = [agentReport({ clock: 'events' }), agentReport({ clock: 'events' })]
  const random = createRandom(9)
  for (let nth = 0; nth < 500; nth++) {
    const event = eventOf({ actor: agent(`agent-${Math.floor(random() * 20)}`), time: startOfDay + nth * 1_000 })
    live.write(event)
    const record = readLoggedRecord(JSON.stringify(event))
    if (record !== undefined) logged.write(record)
  }
  expect(logged.snapshot()).toEqual(live.snapshot())
})
