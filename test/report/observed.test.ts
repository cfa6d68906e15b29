import { observationOf, observeAgents } from 'onbehalf/express'
import { agentReport, type ReportSnapshot } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { withBrokenSignature } from '../support/bytes.ts'
import { frameworks } from '../support/express.ts'
import { createKit } from '../support/kit.ts'
import { serve } from '../support/servers.ts'

/** Real requests to an API with another guard, seen by an observer: what the report makes of its events. */

type Requests = readonly Record<string, string>[]

async function createRequests(kit: Awaited<ReturnType<typeof createKit>>): Promise<Requests> {
  const credentials = (call?: Parameters<typeof kit.credentials>[2]) => kit.credentials('GET', '/tools', call)
  const good = await credentials()
  return [
    good,
    good,
    await credentials(),
    await credentials({ token: { lifetimeSeconds: 900 } }),
    await credentials({ token: { header: { typ: 'JWT' }, bind: 'none' }, scheme: 'Bearer' }),
    await credentials({ proof: { method: 'POST' } }),
    await credentials({ token: withBrokenSignature(await kit.token()) }),
    {},
  ]
}

const expected = [
  ['proof_replayed', 1, 1],
  ['token_lifetime', 1, 1],
  ['token_type', 1, 0],
  ['binding_missing', 1, 0],
  ['proof_method', 1, 1],
  ['token_signature', 1, 1],
  ['credentials_missing', 1, 1],
]

const byCode = ({ wouldRefuse }: ReportSnapshot) =>
  wouldRefuse.byCode.map(({ code, requests, alone }) => [code, requests, alone])

test.each(frameworks)('Report: requests that were only observed, %s', async (_, framework) => {
  const kit = await createKit({ token: { human: 'alice' } })
  const report = agentReport({ clock: 'events' })
  const app = framework()
  const seen: (Promise<unknown> | undefined)[] = []
  app.use(observeAgents({ ...kit.options, audit: report }))
  app.use((request, response) => {
    seen.push(observationOf(request))
    response.status(request.headers.authorization === undefined ? 401 : 200).end()
  })
  const send = await serve(app)
  for (const headers of await createRequests(kit)) {
    await send('/tools', { headers })
    await seen.at(-1)
  }
  const figures = report.snapshot()
  expect(figures.events).toMatchObject({ total: 8, requests: 8, admitted: 0, refused: 0, observed: 8, access: 0 })
  expect(figures.refusals).toEqual({ requests: 0, byCode: [] })
  expect(figures.wouldRefuse.requests).toBe(6)
  expect(byCode(figures)).toEqual(expect.arrayContaining(expected))
  expect(figures.wouldRefuse.byCode).toHaveLength(expected.length)
  expect(figures.callers).toMatchObject({
    kinds: [{ kind: 'agent', authority: 'delegated', requests: 6 }],
    unidentified: 2,
    involvingAgents: 6,
  })
  expect(figures.delegations).toMatchObject({ requests: 6, delegated: 6, flows: { distinct: 1, exact: true } })
  expect(figures.delegations.flows.top[0]).toMatchObject({
    principal: { subject: 'alice' },
    actors: [{ subject: 'travel-7', kind: 'agent' }],
    requests: 6,
  })
  const methods = Object.fromEntries(figures.senders.methods.map(({ method, ...counts }) => [String(method), counts]))
  expect(methods).toMatchObject({ dpop: { requests: 5, proven: 3 }, none: { requests: 1 }, null: { requests: 2 } })
  expect(figures.lifetimes).toMatchObject({ requests: 6, overDefault: 1, longestSeconds: 900 })
  expect(figures.proofFailures).toMatchObject({ proofs: 5, failures: 2, nonceRequests: 0 })
  expect(figures.replays).toMatchObject({ attempts: 1, clients: { distinct: 1, top: [{ attempts: 1 }] } })
  expect(figures.sharedIdentities.distinct).toBe(0)
})
