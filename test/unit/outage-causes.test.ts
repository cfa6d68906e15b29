import type { AuditEvent, Refusal, ReplayStore, RevocationSource, VerifierOptions } from 'onbehalf'
import { createGate } from 'onbehalf/fetch'
import { mcpAccess } from 'onbehalf/mcp'
import { anyOf } from 'onbehalf/revocation'
import { expect, test, vi } from 'vitest'
import { memorySink } from '../support/audit.ts'
import { createKit, url } from '../support/kit.ts'

const kit = await createKit({ token: { human: 'alice' } })

/** As Node and database clients fail: the code is that of the system, the text names the host. */
function refused(): never {
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:6379'), { code: 'ECONNREFUSED' })
  throw new Error('db.internal.test is down', { cause })
}

type Fail = () => never | Promise<never>
const other: RevocationSource = { isRevoked: () => false }

const hooks: readonly [hook: string, code: string, with_: (fail: Fail) => Partial<VerifierOptions>][] = [
  ['a revocation source', 'revocation_unavailable', (fail) => ({ revocation: { isRevoked: fail } })],
  ['one of several', 'revocation_unavailable', (fail) => ({ revocation: anyOf(other, { isRevoked: fail }) })],
  ['the directory', 'directory_unavailable', (fail) => ({ delegation: { directory: fail } })],
  ['a replay store', 'replay_unavailable', (fail) => ({ dpop: { replay: { add: fail } as ReplayStore } })],
  ['a rule of the baseline', 'policy_unavailable', (fail) => ({ access: { where: fail } })],
  ['a required sink', 'audit_unavailable', (fail) => ({ audit: { sink: fail, required: true } })],
  ['an issuer resolver', 'keys_unavailable', (fail) => ({ issuer: { resolve: fail } })],
]
const ways: readonly [way: string, fail: Fail][] = [
  ['throws', refused],
  ['rejects', async () => refused()],
]

test.each(
  hooks.flatMap(([hook, code, options]) => ways.map(([way, fail]) => [hook, way, code, options(fail)] as const)),
)(
  'P41: where %s %s, the facts name the code of the system and nothing else of the error',
  async (_hook, _way, code, options) => {
    const refusal = await kit.refusal({ verifier: kit.verifierWith(options) })
    expect(refusal.code).toBe(code)
    expect(refusal.facts.cause).toContain('ECONNREFUSED')
    expect(JSON.stringify(refusal.facts)).not.toMatch(/internal|10\.0/)
  },
)

test.each(hooks)('P41: where %s gives no answer in time, the facts say so', async (_hook, code, options) => {
  const verifier = kit.verifierWith({ ...options(() => new Promise<never>(() => {})), hookTimeoutMs: 7 })
  const refusal = await kit.refusal({ verifier })
  expect(refusal).toMatchObject({ code, facts: { cause: expect.stringContaining('7 ms') } })
})

test('P41: the audit event of an outage has its cause, and an error whose code is a text of its own quotes none', async () => {
  const sink = memorySink()
  const failWith = (code: unknown) => () => {
    throw Object.assign(new Error('x'), { code })
  }
  for (const code of ['ETIMEDOUT', 'no route to db.internal.test', 7]) {
    const verifier = kit.verifierWith({ audit: sink, revocation: { isRevoked: failWith(code) } })
    await kit.refusal({ verifier })
  }
  const causes = (sink.events as AuditEvent[]).map(({ facts }) => facts?.cause)
  expect(causes).toEqual([expect.stringContaining('ETIMEDOUT'), expect.anything(), expect.anything()])
  expect(JSON.stringify(causes)).not.toContain('internal')
})

test('P41: the cause of a rule of a route stands in the facts of its refusal', async () => {
  const context = await kit.context()
  const decision = await kit.verifier.authorize(context, { where: vi.fn(refused) })
  expect(decision).toMatchObject({
    refusal: { code: 'policy_unavailable', facts: { cause: expect.stringContaining('ECONNREFUSED') } },
  })
  const where = () => 'yes' as never
  expect(await kit.verifier.authorize(context, { where })).toMatchObject({
    refusal: { code: 'policy_unavailable', facts: { cause: expect.stringMatching(/./) } },
  })
})

test('P41: the cause of a rule of an MCP server stands in the facts of its refusal', async () => {
  const refusals: Refusal[] = []
  const gate = createGate(kit.verifier, { onRefusal: (refusal) => void refusals.push(refusal) })
  const request = new Request(url, { method: 'POST', headers: await kit.credentials('POST', '/tools') })
  const access = mcpAccess({ 'tools/call': refused, '*': 'deny' })
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'pay' } }
  expect(await access.fetch(await gate(request), request, body)).toMatchObject({ ok: false })
  expect(refusals).toMatchObject([
    { code: 'policy_unavailable', facts: { cause: expect.stringContaining('ECONNREFUSED') } },
  ])
})
