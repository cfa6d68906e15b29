import type { AgentContext, Dialect, DialectParties, EntityClaims, IssuerOptions } from 'onbehalf'
import { expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

/** What the token itself says of a party or of the delegation, beside the names. */

const forge: Forge = await createForge()

async function contextFor(claims: Members, trust: Partial<IssuerOptions> = {}): Promise<AgentContext> {
  return forge.context({ verifier: forge.verifierTrusting(trust), token: forge.token(claims) })
}

function readAs(parties: DialectParties): Dialect {
  return { name: 'own', parties: () => parties }
}

const agent = { sub: 'travel-7', sub_profile: 'ai_agent' }

test('Context: what the dialect reads of principal and actor beside their names is their entity', async () => {
  const said: Readonly<Record<string, EntityClaims>> = { principal: { governance: 'eu' }, actor: { owner: 'ops' } }
  const trust = { dialect: { name: 'own', entity: (_, which) => said[which] } satisfies Dialect }
  const act = { ...agent, act: { sub: 'planner-2' } }
  const { principal, actor, delegation } = await contextFor({ act }, trust)
  expect([principal.entity, actor.entity]).toEqual([{ governance: 'eu' }, { owner: 'ops' }])
  expect(delegation?.chain[0]).toBe(actor)
  expect(delegation?.chain[1]).not.toHaveProperty('entity')
})

test('Context: a party of which the token says nothing more has no entity', async () => {
  const { principal, actor } = await contextFor({ act: agent })
  expect([principal, actor].some((party) => 'entity' in party)).toBe(false)
})

test('Context: the delegation has an end and a grant where the token names them, else no such member', async () => {
  const end = forge.clock.now() / 1_000 + 60
  const delegationOf = async (mission: object | undefined) => ({
    ...(await contextFor({ act: agent, mission })).delegation,
  })
  const plain = ['chain', 'complete', 'depth']
  const names = async (mission: object | undefined) => Object.keys(await delegationOf(mission)).sort()
  expect(await delegationOf({ id: 'm-1', expires_at: end })).toMatchObject({ grantId: 'm-1', expiresAt: end })
  expect(await names({ id: 'm-1', expires_at: end })).toEqual([...plain, 'expiresAt', 'grantId'])
  expect(await names({ id: 'm-1' })).toEqual([...plain, 'grantId'])
  expect(await names({ expires_at: end })).toEqual([...plain, 'expiresAt'])
  expect(await names(undefined)).toEqual(plain)
})

test('Context: an actor with profiles that its dialect took from elsewhere is not warned of as one without', async () => {
  const warningsFor = async (profiles: readonly string[]) => {
    const chain = [{ subject: 'travel-7', issuer: forge.trust.issuer, profiles }]
    return (await contextFor({}, { dialect: readAs({ principal: { subject: 'alice' }, chain }) })).warnings
  }
  expect(await warningsFor([])).toContain('actor_unclassified')
  expect(await warningsFor(['robot'])).not.toContain('actor_unclassified')
})

test('Context: of what a dialect says of the client’s own token the registry changes only a service', async () => {
  for (const [kind, expected] of [
    ['service', { kind: 'agent', kindSource: 'registry' }],
    [undefined, { kind: 'agent', kindSource: 'registry' }],
    ['device', { kind: 'device', kindSource: 'dialect' }],
    ['app', { kind: 'app', kindSource: 'dialect' }],
  ] as const) {
    const dialect = readAs({ principal: { subject: 'batch', kind }, ownToken: true })
    const { principal } = await contextFor({ client_id: 'batch' }, { dialect, agentClients: ['batch'] })
    expect(principal, kind).toMatchObject({ ...expected, clientId: 'batch' })
  }
})

test('Context: that a dialect calls the token the client’s own counts only where no other actor is named', async () => {
  const agentClients = [{ client: 'batch', actsFor: 'users' }] as const
  const parties: DialectParties = { principal: { subject: 'batch' }, ownToken: true }
  const principalIn = async (read: DialectParties) =>
    (await contextFor({ client_id: 'batch' }, { dialect: readAs(read), agentClients })).principal
  expect(await principalIn(parties)).toMatchObject({ kind: 'agent', kindSource: 'registry' })
  const beside = await principalIn({ ...parties, chain: [{ subject: 'travel-7' }] })
  expect(beside).toMatchObject({ kind: 'unknown', kindSource: 'none' })
  expect(beside).not.toHaveProperty('clientId')
})
