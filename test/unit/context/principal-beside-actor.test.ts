import type { AuditEvent } from 'onbehalf'
import { expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'

/** What a token with an actor, or without a client, says of the others in it. */

const forge: Forge = await createForge()

test('Context: behind a named actor the subject is not taken for the client that acts for itself', async () => {
  const verifier = forge.verifierTrusting({ agentClients: [{ client: 'planner-app', actsFor: 'itself' }] })
  const claims = {
    sub: 'alice',
    sub_profile: undefined,
    client_id: 'planner-app',
    act: { sub: 'travel-7', sub_profile: 'ai_agent' },
  }
  const { principal, actor } = await forge.context({ verifier, token: forge.token(claims) })
  expect([principal.kind, principal.clientId, actor.subject]).toEqual(['unknown', undefined, 'travel-7'])
})

test('Context: a token without a client has none in its context', async () => {
  const verifier = forge.verifierTrusting({ optionalClaims: ['client_id'] })
  const { client } = await forge.context({ verifier, token: forge.token({ client_id: undefined }) })
  expect(client).toBeNull()
})

test('Context: an admission without anything to add has no header fields', async () => {
  const verdict = await forge.call({ verifier: forge.verifierWith({ mtls: false }) })
  expect(verdict.ok && verdict.headers).toEqual([])
})

test('RFC 8693 §4.1: an actor of a foreign namespace is refused with the claim and the option', async () => {
  const act = { sub: 'travel-7', iss: 'https://partner.test' }
  const { code, facts } = await forge.refusal({
    verifier: forge.verifierTrusting({ actorIssuers: 'own' }),
    token: forge.token({ act }),
  })
  expect([code, facts]).toEqual(['delegation_not_allowed', { claim: 'act.iss', hint: 'issuer.actorIssuers' }])
})

test('Context: a registered client that the token calls a service stays one as an actor', async () => {
  const verifier = forge.verifierTrusting({ agentClients: ['batch'] })
  const actorOf = async (act: object) => (await forge.context({ verifier, token: forge.token({ act }) })).actor
  expect(await actorOf({ sub: 'batch', sub_profile: 'service' })).toMatchObject({
    kind: 'service',
    kindSource: 'profile',
  })
  expect(await actorOf({ sub: 'batch' })).toMatchObject({ kind: 'agent', kindSource: 'registry' })
})

test('ACT-28: one actor in a chain that is named by its client id is enough for the audit event to say so', async () => {
  const events: AuditEvent[] = []
  const verifier = forge.verifierWith({
    issuer: { ...forge.trust, actorClaims: 'sub-or-client_id' },
    audit: { write: (event) => void events.push(event as AuditEvent) },
  })
  const act = { sub: 'travel-7', act: { client_id: 'planner-app' } }
  await forge.context({ verifier, token: forge.token({ act }) })
  await new Promise(setImmediate)
  expect(events[0]?.relaxations).toEqual(['issuer.actorClaims'])
})

test('Context: the registry knows an actor by its client id, where it has one, and a party without one has no such member', async () => {
  const verifier = forge.verifierTrusting({ agentClients: ['planner-app'] })
  const actorOf = async (act: object) => (await forge.context({ verifier, token: forge.token({ act }) })).actor
  expect(await actorOf({ sub: 'x', client_id: 'planner-app' })).toMatchObject({ kind: 'agent', kindSource: 'registry' })
  expect(await actorOf({ sub: 'planner-app', client_id: 'x' })).toMatchObject({ kind: 'unknown' })
  expect(Object.keys(await actorOf({ sub: 'x' })).sort()).toEqual([
    'assertedBy',
    'issuer',
    'kind',
    'kindSource',
    'profiles',
    'subject',
  ])
})

test('Context: the subject that is the registered client is its agent, also behind a named actor', async () => {
  const verifier = forge.verifierTrusting({ agentClients: ['planner-app'] })
  const claims = { sub: 'planner-app', sub_profile: undefined, client_id: 'planner-app', act: { sub: 'travel-7' } }
  const { principal } = await forge.context({ verifier, token: forge.token(claims) })
  expect(principal).toMatchObject({ kind: 'agent', kindSource: 'registry', clientId: 'planner-app' })
})

test('Context: a token with a named actor is not warned of as one without', async () => {
  const verifier = forge.verifierTrusting({ agentClients: ['planner-app'] })
  const claims = { sub: 'x', sub_profile: undefined, client_id: 'planner-app' }
  const warningsOf = async (more: object) =>
    (await forge.context({ verifier, token: forge.token({ ...claims, ...more }) })).warnings
  expect(await warningsOf({})).toContain('agent_client_without_actor')
  expect(await warningsOf({ act: { sub: 'travel-7' } })).not.toContain('agent_client_without_actor')
})

test('Context: the registry holds clients of the token’s issuer: a namesake in a foreign namespace is no agent', async () => {
  const verifier = forge.verifierTrusting({ agentClients: ['planner-app'], actorIssuers: 'any' })
  const kindOf = async (iss: string | undefined) =>
    (await forge.context({ verifier, token: forge.token({ act: { sub: 'planner-app', iss } }) })).actor.kind
  expect(await kindOf('https://partner.test')).toBe('unknown')
  expect(await kindOf(forge.trust.issuer)).toBe('agent')
  expect(await kindOf(undefined)).toBe('agent')
})
