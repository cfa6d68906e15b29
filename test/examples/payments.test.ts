import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { createVerifier, type Verifier } from 'onbehalf'
import { agentAuth, requireAccess } from 'onbehalf/fastify'
import { createTestIssuer, type TestAgent, type TestIssuer, type TokenInput } from 'onbehalf/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createPaymentsApp } from '../../examples/payments/app.ts'
import { covers, type Payment } from '../../examples/payments/payment.ts'
import { resource } from '../support/kit.ts'

const toBob = detail(100, ['bob'])

let issuer: TestIssuer
let partner: TestIssuer
let agentA: TestAgent
let agentB: TestAgent

beforeAll(async () => {
  issuer = await createTestIssuer({ resource })
  partner = await createTestIssuer({ resource, issuer: 'https://partner.example.test', clock: issuer.clock })
  agentA = await issuer.agent('payer-a')
  agentB = await issuer.agent('payer-b')
})

function detail(limit: number, counterparties: readonly string[]): object {
  return { type: 'payment', limit, counterparties }
}

function verifier(): Verifier {
  return createVerifier({ issuer: [issuer.options, partner.options], resource, clock: issuer.clock })
}

/** The same API on Fastify: the rule needs the body, so it runs as preHandler. */
async function createFastifyTwin(): Promise<Server> {
  const app = fastify()
  await app.register(agentAuth, { verifier: verifier() })
  const mayPay = requireAccess({
    scopes: ['payments:write'],
    details: { type: 'payment', allows: (granted, _context, { body }) => covers(granted, body) },
  })
  app.post('/payments', { preHandler: mayPay }, async (request, reply) => {
    const { actor, principal } = request.agentContext
    return reply.code(201).send({ paid: (request.body as Payment).amount, by: actor.subject, for: principal.subject })
  })
  const humansOnly = requireAccess({ principal: { kind: 'human' }, denyIfAgentInvolved: true })
  app.get('/limits', { onRequest: humansOnly }, async () => ({ limits: 'yours to change' }))
  app.get('/statements', { onRequest: requireAccess({ actor: { kind: 'agent' } }) }, async (request) => ({
    for: request.agentContext.principal.subject,
  }))
  const independent = requireAccess({ authority: 'independent', actor: { kind: 'agent' } })
  app.post('/heartbeat', { onRequest: independent }, async (_request, reply) => reply.code(204).send())
  const ourAuditor = requireAccess({ actor: { issuer: issuer.issuer, subject: 'auditor-1' } })
  app.get('/ledger', { onRequest: ourAuditor }, async () => ({ entries: [] }))
  await app.ready()
  return app.server
}

const doors: readonly [string, () => Promise<Server>][] = [
  ['Express', async () => createServer(createPaymentsApp(verifier(), issuer.issuer))],
  ['Fastify', createFastifyTwin],
]

interface Answer {
  readonly status: number
  readonly body: unknown
}

type Send = (method: string, path: string, token: TokenInput, body?: object, by?: TestIssuer) => Promise<Answer>

async function serve(create: () => Promise<Server>): Promise<Send> {
  const server = await create()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return async (method, path, input, body, by = issuer) => {
    const headers = await input.agent.headers(method, resource + path, await by.token(input))
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
}

/** All agents have the same scopes and differ only in their details. */
function payerToken(agent: TestAgent, ...authorization_details: readonly object[]): TokenInput {
  return { agent, human: 'alice', scopes: ['payments:write'], claims: { authorization_details } }
}

function refusedWith(status: number, code: string): object {
  return { status, body: expect.objectContaining({ status, code }) }
}

describe.each(doors)('the payments example on %s', (_name, create) => {
  test('RFC 9396 §2: agent A pays 80 to bob; not 120, which is over its limit, and not to eve', async () => {
    const send = await serve(create)
    const pay = (amount: number, to: string) => send('POST', '/payments', payerToken(agentA, toBob), { amount, to })
    expect(await pay(80, 'bob')).toEqual({ status: 201, body: { paid: 80, by: 'payer-a', for: 'alice' } })
    expect(await pay(100, 'bob')).toMatchObject({ status: 201 })
    expect(await pay(120, 'bob')).toEqual(refusedWith(403, 'details_missing'))
    expect(await pay(80, 'eve')).toEqual(refusedWith(403, 'details_missing'))
  })

  test('RFC 9396 §2: agent B, with the same scopes and a higher limit, pays 120', async () => {
    const send = await serve(create)
    const token = payerToken(agentB, detail(1_000, ['bob']))
    expect(await send('POST', '/payments', token, { amount: 120, to: 'bob' })).toMatchObject({
      status: 201,
      body: { by: 'payer-b' },
    })
  })

  test('RFC 9396 §2: with one token, the body alone flips the decision', async () => {
    const send = await serve(create)
    const token = payerToken(agentA, toBob)
    const statuses: number[] = []
    for (const amount of [100, 101, 100]) {
      statuses.push((await send('POST', '/payments', token, { amount, to: 'bob' })).status)
    }
    expect(statuses).toEqual([201, 403, 201])
  })

  test.each<[string, object | undefined]>([
    ['an amount as text', { amount: '80', to: 'bob' }],
    ['a negative amount', { amount: -80, to: 'bob' }],
    ['no counterparty', { amount: 80 }],
    ['no body', undefined],
  ])('RFC 9396 §2: %s is covered by no detail', async (_title, body) => {
    const send = await serve(create)
    const answer = await send('POST', '/payments', payerToken(agentA, toBob), body)
    expect(answer).toEqual(refusedWith(403, 'details_missing'))
  })

  test('RFC 9396 §2: two details of one type are never mixed', async () => {
    const send = await serve(create)
    const token = payerToken(agentA, toBob, detail(1_000, ['eve']))
    const pay = (amount: number, to: string) => send('POST', '/payments', token, { amount, to })
    expect((await pay(80, 'bob')).status).toBe(201)
    expect((await pay(120, 'eve')).status).toBe(201)
    expect(await pay(120, 'bob')).toEqual(refusedWith(403, 'details_missing'))
  })

  test('RFC 6750 §3.1: a detail does not stand for a scope', async () => {
    const send = await serve(create)
    const token = { ...payerToken(agentA, toBob), scopes: [] }
    expect(await send('POST', '/payments', token, { amount: 80, to: 'bob' })).toEqual(refusedWith(403, 'scope_missing'))
  })

  test('Example: the route for humans keeps out agents, and a human’s token in a declared agent’s hands', async () => {
    const send = await serve(create)
    const app = await issuer.agent('web-app')
    const own = { sub: 'alice', sub_profile: 'user' }
    expect((await send('GET', '/limits', { agent: app, claims: own })).status).toBe(200)
    const inAgentsHands = { ...own, client_profile: 'ai_agent' }
    expect(await send('GET', '/limits', { agent: app, claims: inAgentsHands })).toEqual(
      refusedWith(403, 'access_denied'),
    )
    expect(await send('GET', '/limits', { agent: agentA, human: 'alice' })).toEqual(refusedWith(403, 'access_denied'))
    expect(await send('GET', '/limits', { agent: agentA })).toEqual(refusedWith(403, 'actor_unauthorized'))
  })

  test('Example: the route for agents lets them in for themselves and for others, and keeps humans out', async () => {
    const send = await serve(create)
    const human = { agent: await issuer.agent('web-app'), claims: { sub: 'alice', sub_profile: 'user' } }
    expect(await send('GET', '/statements', { agent: agentA, human: 'alice' })).toEqual({
      status: 200,
      body: { for: 'alice' },
    })
    expect(await send('GET', '/statements', { agent: agentA })).toMatchObject({ body: { for: 'payer-a' } })
    expect(await send('GET', '/statements', human)).toEqual(refusedWith(403, 'actor_unauthorized'))
  })

  test('Example: the route for own authority refuses what is borrowed', async () => {
    const send = await serve(create)
    expect((await send('POST', '/heartbeat', { agent: agentA })).status).toBe(204)
    expect(await send('POST', '/heartbeat', { agent: agentA, human: 'alice' })).toEqual(
      refusedWith(403, 'authority_required'),
    )
  })

  test('Example: a partner’s token cannot name our agent', async () => {
    const send = await serve(create)
    const ledger = (token: TokenInput, by: TestIssuer) => send('GET', '/ledger', token, undefined, by)
    const ours = { agent: await issuer.agent('auditor-1'), human: 'alice' }
    expect((await ledger(ours, issuer)).status).toBe(200)
    // As its own actor, as a subject, without saying whose it is, and as ours.
    const refused = refusedWith(403, 'actor_unauthorized')
    const theirs = await partner.agent('auditor-1')
    expect(await ledger({ agent: theirs, human: 'alice' }, partner)).toEqual(refused)
    expect(await ledger({ agent: theirs }, partner)).toEqual(refused)
    const unnamed = await partner.agent('auditor-1', { issuer: null })
    expect(await ledger({ agent: unnamed, human: 'alice' }, partner)).toEqual(refused)
    const forged = await partner.agent('auditor-1', { issuer: issuer.issuer })
    expect(await ledger({ agent: forged, human: 'alice' }, partner)).toEqual(refusedWith(401, 'delegation_not_allowed'))
  })
})
