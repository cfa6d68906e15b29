import type { AccessRequirement, AgentContext } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { numbers } from '../../../src/options/defaults.ts'
import { challengeOf, challengesIn } from '../../support/challenges.ts'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
let delegated: AgentContext
let alone: AgentContext
beforeAll(async () => {
  kit = await createKit()
  delegated = await kit.context({ token: { human: 'alice', scopes: ['a', 'b'] } })
  alone = await kit.context({ token: { scopes: ['a'] } })
})

describe('each field', () => {
  test.each<[requirement: AccessRequirement, code: string | undefined]>([
    [{}, undefined],
    [{ scopes: ['a'] }, undefined],
    [{ scopes: ['a', 'b'] }, undefined],
    [{ scopes: ['a', 'c'] }, 'scope_missing'],
    [{ scopes: ['A'] }, 'scope_missing'],
    [{ anyScope: ['c', 'b'] }, undefined],
    [{ anyScope: ['c', 'd'] }, 'scope_missing'],
    [{ scopes: ['a'], anyScope: ['c'] }, 'scope_missing'],
    [{ authority: 'delegated' }, undefined],
    [{ authority: 'independent' }, 'authority_required'],
    [{ principal: { kind: 'human' } }, undefined],
    [{ principal: { kind: ['agent', 'service'] } }, 'actor_unauthorized'],
    [{ principal: { subject: 'alice' } }, undefined],
    [{ principal: { subject: ['bob', 'alice'] } }, undefined],
    [{ principal: { subject: 'ALICE' } }, 'actor_unauthorized'],
    [{ actor: { kind: 'agent', subject: 'travel-7' } }, undefined],
    [{ actor: { subject: 'alice' } }, 'actor_unauthorized'],
    [{ actor: { issuer: 'https://as.example.test' } }, undefined],
    [{ actor: (party) => party.subject.startsWith('travel-') }, undefined],
    [{ actor: () => false }, 'actor_unauthorized'],
    [{ pair: (principal, actor) => principal.subject === 'alice' && actor.subject === 'travel-7' }, undefined],
    [{ pair: (principal, actor) => principal === actor }, 'actor_unauthorized'],
    [{ maxDepth: 1 }, undefined],
    [{ maxDepth: 0 }, 'access_denied'],
    [{ denyIfAgentInvolved: true }, 'access_denied'],
    [{ denyIfAgentInvolved: false }, undefined],
    [{ sender: 'dpop' }, undefined],
    [{ sender: 'mtls' }, 'access_denied'],
    [{ where: (context) => context.scopes.includes('b') }, undefined],
    [{ where: () => false }, 'access_denied'],
    [{ where: { name: 'working hours', test: () => false } }, 'access_denied'],
    [{ where: { name: 'working hours', test: () => true } }, undefined],
    [{ where: async () => true }, undefined],
    [{ details: { type: 'payment', allows: () => true } }, 'details_missing'],
    [{ roles: ['clerk'] }, 'permission_missing'],
    [{ permissions: ['pay'] }, 'permission_missing'],
    [{ acr: ['gold'] }, 'authentication_insufficient'],
    [{ maxAuthAgeSeconds: 60 }, 'authentication_insufficient'],
    [{ hidden: true }, undefined],
  ])('Access: %j for an agent on behalf of a human', async (requirement, code) => {
    expect(await kit.decide(delegated, requirement)).toBe(code)
  })

  test.each<[requirement: AccessRequirement, code: string | undefined]>([
    [{ authority: 'independent' }, undefined],
    [{ authority: 'delegated' }, 'authority_required'],
    [{ maxDepth: 0 }, undefined],
    [{ principal: { kind: 'agent' }, actor: { kind: 'agent' } }, undefined],
    [{ principal: { kind: 'human' } }, 'actor_unauthorized'],
    [{ pair: (principal, actor) => principal === actor }, undefined],
    [{ denyIfAgentInvolved: true }, 'access_denied'],
  ])('Access: %j for an agent that acts for itself', async (requirement, code) => {
    expect(await kit.decide(alone, requirement)).toBe(code)
  })

  test('Access: an undetermined authority is neither delegated nor independent', async () => {
    const undetermined = await kit.context({ token: { claims: { sub: 'someone', sub_profile: undefined } } })
    expect(undetermined.authority).toBe('undetermined')
    expect(await kit.decide(undetermined, { authority: 'delegated' })).toBe('authority_required')
    expect(await kit.decide(undetermined, { authority: 'independent' })).toBe('authority_required')
  })

  test('Access: a party of unknown kind is of no other kind', async () => {
    const unclassified = await kit.context({ token: { claims: { sub: 'someone', sub_profile: undefined } } })
    for (const kind of ['human', 'agent', 'service', 'app', 'device'] as const) {
      expect([kind, await kit.decide(unclassified, { principal: { kind } })]).toEqual([kind, 'actor_unauthorized'])
    }
    expect(await kit.decide(unclassified, { principal: { kind: 'unknown' } })).toBeUndefined()
  })

  test('Access: acr is any of the list, and an absent claim satisfies nothing', async () => {
    const gold = await kit.context({ token: { human: 'alice', claims: { acr: 'gold' } } })
    expect(await kit.decide(gold, { acr: ['silver', 'gold'] })).toBeUndefined()
    expect(await kit.decide(gold, { acr: ['silver'] })).toBe('authentication_insufficient')
    expect(await kit.decide(delegated, { acr: ['silver', 'gold'] })).toBe('authentication_insufficient')
  })

  test('Access: all roles and all permissions must be there, in their spelling', async () => {
    const claims = { roles: ['clerk', 'ops'], permissions: ['pay'] }
    const clerk = await kit.context({ token: { human: 'alice', claims } })
    expect(await kit.decide(clerk, { roles: ['ops', 'clerk'], permissions: ['pay'] })).toBeUndefined()
    for (const requirement of [
      { roles: ['clerk', 'boss'] },
      { roles: ['Clerk'] },
      { permissions: ['pay', 'pay:more'] },
    ]) {
      expect(await kit.decide(clerk, requirement)).toBe('permission_missing')
    }
  })

  test('Access: the age of an authentication is judged at the time of the request', async () => {
    const time = kit.issuer.clock.now() / 1_000
    const context = await kit.context({ token: { human: 'alice', claims: { auth_time: time - 60 } } })
    expect(await kit.decide(context, { maxAuthAgeSeconds: 60 })).toBeUndefined()
    kit.issuer.clock.advance(1)
    expect(await kit.decide(context, { maxAuthAgeSeconds: 60 })).toBe('authentication_insufficient')
  })

  test('Access: an authentication that lies ahead proves nothing, beyond the tolerance of the clocks', async () => {
    const now = Math.floor(kit.issuer.clock.now() / 1_000)
    const authenticatedAt = (time: number) => kit.context({ token: { human: 'alice', claims: { auth_time: time } } })
    const tolerance = numbers['token.clockToleranceSeconds'].default
    const contexts = await Promise.all([tolerance, tolerance + 1, 3_600].map((ahead) => authenticatedAt(now + ahead)))
    const codes = await Promise.all(contexts.map((context) => kit.decide(context, { maxAuthAgeSeconds: 60 })))
    expect(codes).toEqual([undefined, 'authentication_insufficient', 'authentication_insufficient'])
  })

  test('Access: sender is satisfied by a token bound to both, on either side', async () => {
    const both = await kit.issuer.agent('both', { certificate: true })
    const context = await kit.context({
      token: { agent: both, human: 'alice', bind: 'both' },
      prover: both,
      certificate: both.certificate?.der,
    })
    expect(await kit.decide(context, { sender: 'dpop' })).toBeUndefined()
    expect(await kit.decide(context, { sender: 'mtls' })).toBeUndefined()
    const certified = await kit.context({
      token: { agent: both, human: 'alice', bind: 'mtls' },
      scheme: 'Bearer',
      proof: null,
      certificate: both.certificate?.der,
    })
    expect(await kit.decide(certified, { sender: 'dpop' })).toBe('access_denied')
  })
})

describe('order', () => {
  const no = () => false
  /** In reverse order of judgement: each is added to those before it and must decide the answer. */
  const ladder: readonly (readonly [requirement: AccessRequirement, code: string])[] = [
    [{ where: no }, 'access_denied'],
    [{ scopes: ['never'] }, 'scope_missing'],
    [{ acr: ['gold'] }, 'authentication_insufficient'],
    [{ permissions: ['never'] }, 'permission_missing'],
    [{ roles: ['never'] }, 'permission_missing'],
    [{ details: { type: 'payment', allows: no } }, 'details_missing'],
    [{ sender: 'mtls' }, 'access_denied'],
    [{ maxDepth: 0 }, 'access_denied'],
    [{ denyIfAgentInvolved: true }, 'access_denied'],
    [{ authority: 'independent' }, 'authority_required'],
    [{ pair: no }, 'actor_unauthorized'],
    [{ principal: no }, 'actor_unauthorized'],
    [{ actor: no }, 'actor_unauthorized'],
  ]

  test('Access: what cannot be cured is said before what can', async () => {
    const all: AccessRequirement = {}
    for (const [requirement, code] of ladder) {
      Object.assign(all, requirement)
      expect(await kit.decide(delegated, { ...all })).toBe(code)
    }
  })

  test('Access: no predicate is asked once the answer is settled', async () => {
    const asked: string[] = []
    const where = () => asked.push('where') > 0
    const allows = () => asked.push('allows') > 0
    await kit.decide(delegated, { actor: no, where, details: { type: 'payment', allows } })
    await kit.decide(delegated, { scopes: ['never'], where })
    await kit.decide(delegated, { acr: ['gold'], where })
    expect(asked).toEqual([])
  })
})

describe('what the challenge says', () => {
  test('Access: scope_missing names all scopes of the route, and of anyScope the first', async () => {
    const decision = await kit.verifier.authorize<never>(delegated, { scopes: ['a', 'c'], anyScope: ['x', 'y'] })
    expect(decision).toMatchObject({ ok: false, refusal: { status: 403, error: 'insufficient_scope' } })
    expect(challengeOf(decision).match(/scope="[^"]*"/g)).toEqual(['scope="a c x"'])
    expect(challengeOf(decision).match(/error="[^"]*"/g)).toEqual(['error="insufficient_scope"'])
  })

  test('Access: floor and route are said together', async () => {
    const floored = await createKit({ verifier: { access: { scopes: ['base'], maxAuthAgeSeconds: 300 } } })
    const claims = { auth_time: floored.issuer.clock.now() / 1_000 }
    const context = await floored.context({ token: { human: 'alice', scopes: ['base'], claims } })
    expect(challengeOf(await floored.verifier.authorize<never>(context, { scopes: ['base', 'more'] }))).toContain(
      'scope="base more"',
    )
    const decision = await floored.verifier.authorize<never>(context, { maxAuthAgeSeconds: 600, acr: ['gold'] })
    expect(challengeOf(decision)).toMatch(/acr_values="gold".*max_age="300"/)
  })

  test('Access: step-up and lacking scopes are said in one answer', async () => {
    const decision = await kit.verifier.authorize<never>(delegated, {
      scopes: ['c'],
      acr: ['gold', 'silver'],
      maxAuthAgeSeconds: 5,
    })
    expect(decision).toMatchObject({
      refusal: { code: 'authentication_insufficient', status: 401, error: 'insufficient_user_authentication' },
    })
    const challenge = challengeOf(decision)
    for (const parameter of ['acr_values="gold silver"', 'max_age="5"', 'scope="c"']) {
      expect(challenge).toContain(parameter)
    }
  })

  test('RFC 9470 §3: a step-up names only what the route asks for', async () => {
    const parametersOf = async (requirement: AccessRequirement<never>) => {
      const decision = await kit.verifier.authorize<never>(delegated, requirement)
      return decision.ok ? {} : challengesIn(decision.refusal)['DPoP']
    }
    expect(await parametersOf({ acr: ['gold'] })).not.toHaveProperty('max_age')
    expect(await parametersOf({ maxAuthAgeSeconds: 5 })).not.toHaveProperty('acr_values')
  })

  test.each([
    ['scp', 'a'],
    ['scopes', ['a']],
  ])('Access: the facts of a missing scope say that the dialect does not read %s', async (claim, value) => {
    const factsOf = async (scopes: string[], requirement: AccessRequirement<never>) => {
      const context = await kit.context({ token: { human: 'alice', scopes, claims: { [claim]: value } } })
      const decision = await kit.verifier.authorize<never>(context, requirement)
      return decision.ok ? undefined : decision.refusal.facts
    }
    const unread = { wanted: ['a'], granted: [], claim, hint: 'issuer.dialect' }
    expect(await factsOf([], { scopes: ['a'] })).toEqual(unread)
    expect(await factsOf([], { anyScope: ['a'] })).toEqual(unread)
    expect(await factsOf(['b'], { scopes: ['a'] })).toEqual({ wanted: ['a'], granted: ['b'] })
  })

  test('Access: the facts of a missing scope have no claim where the token has no scopes at all', async () => {
    const decision = await kit.verifier.authorize<never>(await kit.context(), { scopes: ['a'] })
    expect(decision).toMatchObject({ refusal: { code: 'scope_missing' } })
    expect(decision.ok || decision.refusal.facts).toEqual({ wanted: ['a'], granted: [] })
  })

  test('Access: a maximum age of nothing is said as such', async () => {
    expect(challengeOf(await kit.verifier.authorize<never>(delegated, { maxAuthAgeSeconds: 0 }))).toContain(
      'max_age="0"',
    )
  })

  test.each<[AccessRequirement, boolean]>([
    [{ where: () => false }, false],
    [{ details: { type: 'payment', allows: () => true } }, false],
    [{ roles: ['boss'] }, false],
    [{ permissions: ['pay'] }, false],
    [{ actor: () => false }, true],
    [{ authority: 'independent' }, true],
  ])('Access: %j is a 403 that tells nothing of the parties', async (requirement, hasChallenge) => {
    const decision = await kit.verifier.authorize<never>(delegated, requirement)
    if (decision.ok) throw new Error('a refusal')
    expect(decision.refusal.status).toBe(403)
    expect(challengeOf(decision) !== '').toBe(hasChallenge)
    const answer = JSON.stringify([decision.refusal.headers, decision.refusal.body])
    for (const name of ['alice', 'travel-7', kit.agent.jkt]) expect(answer).not.toContain(name)
  })
})

test('Access: a wrong requirement is an OptionsError that names each field', async () => {
  const wrong = {
    scopes: ['a b', ''],
    anyScope: 'a',
    authority: 'shared',
    principal: { kind: 'robot' },
    actor: { issuer: 'https://unknown.example.test' },
    pair: true,
    maxDepth: -1,
    denyIfAgentInvolved: 'yes',
    sender: 'tls',
    acr: ['"'],
    maxAuthAgeSeconds: Number.NaN,
    details: { type: '' },
    roles: 'clerk',
    permissions: [''],
    where: { name: 'x' },
    hidden: 1,
    scope: 'a',
  } as unknown as AccessRequirement<never>
  const error: unknown = await kit.verifier.authorize<never>(delegated, wrong).catch((reason: unknown) => reason)
  const { problems } = error as { problems: { path: string }[] }
  expect(new Set(problems.map(({ path }) => path))).toEqual(
    new Set(
      [
        ...['scopes[0]', 'scopes[1]', 'anyScope', 'authority', 'principal.kind[0]', 'actor.issuer', 'pair', 'maxDepth'],
        ...['denyIfAgentInvolved', 'sender', 'acr[0]', 'maxAuthAgeSeconds', 'details.type', 'details.allows'],
        ...['roles', 'permissions[0]', 'where.test', 'hidden', 'scope'],
      ].map((name) => `requirement.${name}`),
    ),
  )
})
