import type { EntityClaims, IssuerOptions, VerifierOptions } from 'onbehalf'
import { expect, test } from 'vitest'
import { createForge } from '../../support/forge.ts'
import { outcomeOf } from '../../support/kit.ts'

/** `delegation.requireOwner`: who must have an owner, and what counts as one. */

const forge = await createForge()
const agent = { sub: 'travel-7', sub_profile: 'ai_agent' }

async function outcome(
  claims: object,
  delegation: VerifierOptions['delegation'] = { requireOwner: true },
  trust: Partial<IssuerOptions> = {},
) {
  const verifier = forge.verifierTrusting(trust, { delegation })
  return outcomeOf(await forge.call({ verifier, token: forge.token({ ...claims }) }))
}

const owned = (owner: EntityClaims['owner'], requireOwner = true): VerifierOptions['delegation'] => ({
  requireOwner,
  directory: ({ subject }) => (subject === 'travel-7' && owner !== undefined ? { owner } : undefined),
})

test.each<[string, object, string]>([
  ['an agent that acts for a human', { act: agent }, 'owner_missing'],
  ['an actor of unknown kind', { act: { sub: 'travel-7' } }, 'owner_missing'],
  ['an app', { act: { sub: 'travel-7', sub_profile: 'native_app' } }, 'owner_missing'],
  ['a human that acts for another', { act: { sub: 'bob', sub_profile: 'user' } }, 'admitted'],
  ['a service that acts for a human', { act: { sub: 'batch', sub_profile: 'service' } }, 'admitted'],
  ['an agent that acts for itself', { sub: 'travel-7', sub_profile: 'ai_agent' }, 'owner_missing'],
  ['a human that acts for itself', {}, 'admitted'],
  ['a service that acts for itself', { sub: 'batch', sub_profile: 'service' }, 'admitted'],
  ['a principal of unknown kind that acts for itself', { sub: 'x', sub_profile: undefined }, 'admitted'],
  ['an agent behind a self-act', { act: { sub: 'alice', act: agent } }, 'admitted'],
  ['an agent behind a human that acts', { act: { sub: 'bob', sub_profile: 'user', act: agent } }, 'admitted'],
])('Context: with requireOwner %s', async (_, claims, expected) => {
  expect(await outcome(claims)).toBe(expected)
  expect(await outcome(claims, { requireOwner: true, directory: () => undefined })).toBe(expected)
  expect(await outcome(claims, { requireOwner: true, directory: () => ({ owner: 'ops' }) })).toBe('admitted')
  expect(await outcome(claims, { requireOwner: false })).toBe('admitted')
  expect(await outcome(claims, {})).toBe('admitted')
})

test('Context: with requireOwner a client that the registry makes the actor needs one', async () => {
  const trust: Partial<IssuerOptions> = { agentClients: ['travel-app'] }
  expect(await outcome({}, { requireOwner: true }, trust)).toBe('owner_missing')
  const directory = ({ subject }: { subject: string }) => (subject === 'travel-app' ? { owner: 'ops' } : undefined)
  expect(await outcome({}, { requireOwner: true, directory }, trust)).toBe('admitted')
})

test.each<[EntityClaims['owner'], string]>([
  ['ops', 'admitted'],
  [['ops', 'lab'], 'admitted'],
  [['', 'lab'], 'admitted'],
  ['', 'owner_missing'],
  [' ', 'owner_missing'],
  ['\n', 'owner_missing'],
  ['\u0000ops', 'owner_missing'],
  [[], 'owner_missing'],
  [['', ' '], 'owner_missing'],
  ['x'.repeat(257), 'owner_missing'],
  [undefined, 'owner_missing'],
])('Context: as an owner %j is %s', async (owner, expected) => {
  expect(await outcome({ act: agent }, owned(owner))).toBe(expected)
  expect(await outcome({ act: agent }, owned(owner, false))).toBe('admitted')
})

test('Context: the owner of the principal or of an earlier actor is not the actor’s', async () => {
  const directory = ({ subject }: { subject: string }) => (subject === 'travel-7' ? {} : { owner: 'ops' })
  const claims = { act: { ...agent, act: { sub: 'planner-2', sub_profile: 'ai_agent' } } }
  expect(await outcome(claims, { requireOwner: true, directory })).toBe('owner_missing')
})

test('RFC 6750 §3.1: a missing owner is invalid_token, with the option as hint', async () => {
  const verifier = forge.verifierWith({ delegation: { requireOwner: true } })
  expect(await forge.refusal({ verifier, token: forge.token({ act: agent }) })).toMatchObject({
    code: 'owner_missing',
    status: 401,
    error: 'invalid_token',
    facts: { hint: 'delegation.requireOwner' },
  })
})
