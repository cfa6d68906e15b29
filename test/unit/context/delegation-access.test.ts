import { expect, test } from 'vitest'
import type { AccessRequirement, AgentContext, Decision, Party } from '../../../src/index.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

/** What a route may and may not conclude from the parties of a token. */

const forge: Forge = await createForge()
const { verifier } = forge
const home = forge.trust.issuer
const agent = (sub: string, act?: Members): Members => ({
  sub,
  iss: home,
  sub_profile: 'ai_agent',
  ...(act && { act }),
})

async function contextFor(claims: Members): Promise<AgentContext> {
  return forge.context({ verifier, token: forge.token(claims) })
}

const codeOf = (decision: Decision) => (decision.ok ? 'allowed' : decision.refusal.code)

async function decide(claims: Members, requirement: AccessRequirement): Promise<string> {
  return codeOf(await verifier.authorize(await contextFor(claims), requirement))
}

test('ACT-01: a party that may act counts only as the current actor, not deeper in the chain', async () => {
  const rules: readonly AccessRequirement[] = [
    { actor: { issuer: home, subject: 'privileged' } },
    { actor: ({ subject }: Party) => subject === 'privileged' },
    { pair: (_: Party, { subject }: Party) => subject === 'privileged' },
  ]
  for (const requirement of rules) {
    expect(await decide({ act: agent('privileged') }, requirement)).toBe('allowed')
    expect(await decide({ act: agent('privileged', agent('x')) }, requirement)).toBe('allowed')
    expect(await decide({ act: agent('x', agent('privileged')) }, requirement)).toBe('actor_unauthorized')
    expect(await decide({ act: agent('x', agent('y', agent('privileged'))) }, requirement)).toBe('actor_unauthorized')
    expect(await decide({}, requirement)).toBe('actor_unauthorized')
  }
})

test('ACT-01: the kind that counts is that of the current actor', async () => {
  const service = { sub: 'gateway', iss: home, sub_profile: 'service' }
  expect(await decide({ act: { ...service, act: agent('a') } }, { actor: { kind: 'agent' } })).toBe(
    'actor_unauthorized',
  )
  expect(await decide({ act: agent('a', service) }, { actor: { kind: 'agent' } })).toBe('allowed')
})

test('ACT-01: scopes and details are those at the top of the token', async () => {
  const act = { ...agent('a'), scope: 'admin', authorization_details: [{ type: 't' }] }
  expect(await decide({ scope: 'read', act }, { scopes: ['admin'] })).toBe('scope_missing')
  expect(await decide({ act }, { details: { type: 't', allows: () => true } })).toBe('details_missing')
})

test('ACT-12: a route for independent callers does not take a token with act as if it had none', async () => {
  expect(await decide({}, { authority: 'independent' })).toBe('allowed')
  expect(await decide({ act: agent('a') }, { authority: 'independent' })).toBe('authority_required')
  expect(await decide({ act: { sub: 'x' } }, { authority: 'independent' })).toBe('authority_required')
})

test('ACT-12: a route for a principal alone can still ask who acts', async () => {
  const requirement = { principal: { issuer: home, subject: 'alice' }, actor: { issuer: home, subject: 'alice' } }
  expect(await decide({}, requirement)).toBe('allowed')
  expect(await decide({ act: agent('a') }, requirement)).toBe('actor_unauthorized')
})

test('ACT-13: a route for delegated authority refuses what names no actor', async () => {
  expect(await decide({ act: agent('a') }, { authority: 'delegated' })).toBe('allowed')
  for (const claims of [{}, { sub_profile: 'ai_agent' }, { sub_profile: undefined }, { may_act: { sub: 'a' } }]) {
    const decision = await verifier.authorize(await contextFor(claims), { authority: 'delegated' })
    expect(decision).toMatchObject({
      refusal: { code: 'authority_required', status: 403, error: 'actor_unauthorized' },
    })
  }
})

test('ACT-14: a denial of the parties is 403 actor_unauthorized, never insufficient_scope, also when scopes lack too', async () => {
  const requirement = { actor: { issuer: home, subject: 'other' }, scopes: ['admin'], acr: ['gold'] }
  const decision = await verifier.authorize(await contextFor({ act: agent('a') }), requirement)
  expect(decision).toMatchObject({ refusal: { code: 'actor_unauthorized', status: 403, error: 'actor_unauthorized' } })
})

test('ACT-14: nothing of the parties is on the wire', async () => {
  const claims = { sub: 'secret-alice', act: agent('secret-agent', agent('secret-planner')), client_id: 'secret-app' }
  const requirements: readonly AccessRequirement[] = [
    { actor: { issuer: home, subject: 'stranger' } },
    { principal: { issuer: home, subject: 'stranger' } },
    { authority: 'independent' },
    { pair: () => false },
  ]
  for (const requirement of requirements) {
    const decision = await verifier.authorize(await contextFor(claims), requirement)
    if (decision.ok) throw new Error('allowed')
    const wire = JSON.stringify([decision.refusal.headers, decision.refusal.body])
    expect(wire).toContain('actor_unauthorized')
    expect(wire).not.toMatch(/secret|stranger|ai_agent|as\.example/)
  }
})

test('ACT-23: the pair is what is authorised: allowing each of the two alone is not allowing both together', async () => {
  const allowed = new Set(['alice|travel-7', 'bob|billing-1'])
  const pair = (principal: Party, actor: Party) => allowed.has(`${principal.subject}|${actor.subject}`)
  const outcome = (sub: string, actor: string) => decide({ sub, act: agent(actor) }, { pair })
  expect(await outcome('alice', 'travel-7')).toBe('allowed')
  expect(await outcome('bob', 'billing-1')).toBe('allowed')
  expect(await outcome('alice', 'billing-1')).toBe('actor_unauthorized')
  expect(await outcome('bob', 'travel-7')).toBe('actor_unauthorized')
  expect(await decide({ sub: 'alice' }, { pair })).toBe('actor_unauthorized')
})

test('ACT-23: the pair is asked on every request, and a pair that cannot be judged is refused', async () => {
  let asked = 0
  let answer: unknown = true
  const pair = () => {
    asked++
    return answer as boolean
  }
  const floor = forge.verifierWith({ access: { pair } })
  const token = forge.token({ act: agent('a') })
  const outcome = async () => (await forge.call({ verifier: floor, token })).ok
  expect([await outcome(), await outcome()]).toEqual([true, true])
  for (const no of [false, undefined, null, 1, 'true', {}, Promise.resolve(true)]) {
    answer = no
    expect(await outcome(), String(no)).toBe(false)
  }
  expect(asked).toBe(9)
  const throwing = () => {
    throw new Error('directory down')
  }
  expect(await decide({ act: agent('a') }, { pair: throwing })).toBe('policy_unavailable')
})
