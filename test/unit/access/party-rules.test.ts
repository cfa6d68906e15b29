import { createVerifier, OptionsError, type PartyRule, type RequestView } from 'onbehalf'
import { createTestIssuer, requestView, type TestAgent, type TestIssuer, type TokenInput } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileRequirement } from '../../../src/access/requirement.ts'
import { createKit, resource, url } from '../../support/kit.ts'

const ours = 'https://as.example.test'
const theirs = 'https://partner.example.test'
let issuer: TestIssuer
let partner: TestIssuer
let agent: TestAgent
let impostor: TestAgent
beforeAll(async () => {
  issuer = await createTestIssuer({ resource, issuer: ours })
  partner = await createTestIssuer({ resource, issuer: theirs, clock: issuer.clock })
  agent = await issuer.agent('travel-7')
  impostor = await partner.agent('travel-7')
})

function verifierOf(actorIssuers: 'own' | 'any') {
  const issuers = [issuer.options, { ...partner.options, actorIssuers }]
  return createVerifier({ issuer: issuers, resource, clock: issuer.clock })
}

describe('a rule with a subject, with several issuers', () => {
  test('Access: needs an issuer, as floor and on a route', async () => {
    const options = { issuer: [issuer.options, partner.options], resource, clock: issuer.clock }
    const rule = { subject: 'travel-7' }
    expect(() => createVerifier({ ...options, access: { actor: rule } })).toThrow(OptionsError)
    expect(() => createVerifier({ ...options, access: { principal: rule } })).toThrow(OptionsError)
    const verifier = createVerifier(options)
    const context = await verifier.verify(await presented(issuer, agent, { human: 'alice' }))
    await expect(verifier.authorize(context, { actor: rule })).rejects.toThrow(OptionsError)
    await expect(verifier.authorize(context, { actor: { kind: 'agent' } })).resolves.toMatchObject({ ok: true })
  })

  test('Access: a rule without a subject still asks for the issuer it names', async () => {
    const verifier = verifierOf('own')
    const context = await verifier.verify(await presented(issuer, agent, { human: 'alice' }))
    for (const role of ['actor', 'principal'] as const) {
      const kind = role === 'actor' ? 'agent' : 'human'
      for (const rest of [{}, { kind }] as const) {
        const asked = (named: string) => verifier.authorize(context, { [role]: { issuer: named, ...rest } })
        expect(await asked(ours)).toMatchObject({ ok: true })
        expect(await asked(theirs)).toMatchObject({ refusal: { code: 'actor_unauthorized' } })
      }
    }
  })

  test('Access: beside a resolver a subject needs its issuer too, which the resolver may know', async () => {
    const resolver = { resolve: () => undefined }
    const verifier = createVerifier({ issuer: [issuer.options, resolver], resource, clock: issuer.clock })
    const context = await verifier.verify(await presented(issuer, agent, { human: 'alice' }))
    const asked = (actor: PartyRule) => verifier.authorize(context, { actor })
    expect(await asked({ subject: 'travel-7', issuer: ours })).toMatchObject({ ok: true })
    expect(await asked({ subject: 'travel-7', issuer: theirs })).toMatchObject({ ok: false })
    expect(pathsIn(await asked({ subject: 'travel-7' }).catch((error: unknown) => error))).toEqual([
      'requirement.actor',
    ])
  })

  test('Access: the issuer named must be a configured one', () => {
    const actor = { issuer: 'https://unknown.example.test', subject: 'travel-7' }
    expect(() => createVerifier({ issuer: issuer.options, resource, access: { actor } })).toThrow(OptionsError)
  })

  test('Access: a partner’s own party of the same name is not ours', async () => {
    const verifier = verifierOf('own')
    const theirContext = await verifier.verify(await presented(partner, impostor, { human: 'alice' }))
    const ourContext = await verifier.verify(await presented(issuer, agent, { human: 'alice' }))
    for (const role of ['actor', 'principal'] as const) {
      const subject = role === 'actor' ? 'travel-7' : 'alice'
      const rule = { [role]: { issuer: ours, subject } }
      expect(await verifier.authorize(ourContext, rule)).toMatchObject({ ok: true })
      expect(await verifier.authorize(theirContext, rule)).toMatchObject({ refusal: { code: 'actor_unauthorized' } })
    }
  })

  test('Access: a partner that may name any actor still cannot name ours', async () => {
    const verifier = verifierOf('any')
    const claims = { act: { sub: 'travel-7', iss: ours, sub_profile: 'ai_agent' } }
    const context = await verifier.verify(await presented(partner, impostor, { human: 'alice', claims }))
    expect(context.actor).toMatchObject({ subject: 'travel-7', issuer: ours, assertedBy: theirs })
    for (const named of [ours, theirs]) {
      const decision = await verifier.authorize(context, { actor: { issuer: named, subject: 'travel-7' } })
      expect([named, decision]).toMatchObject([named, { refusal: { code: 'actor_unauthorized' } }])
    }
  })

  test('Access: an actor whose namespace is not stated belongs to who asserts it', async () => {
    const verifier = verifierOf('own')
    const claims = { act: { sub: 'travel-7' } }
    const context = await verifier.verify(await presented(partner, impostor, { human: 'alice', claims }))
    expect(context.actor.issuer).toBeNull()
    const asked = (named: string) => verifier.authorize(context, { actor: { issuer: named, subject: 'travel-7' } })
    expect(await asked(theirs)).toMatchObject({ ok: true })
    expect(await asked(ours)).toMatchObject({ ok: false })
  })
})

test('Access: with one issuer a rule with a subject means that one, also against foreign actors it may name', async () => {
  const kit = await createKit()
  const verifier = createVerifier({
    issuer: { ...kit.issuer.options, actorIssuers: 'any' },
    resource,
    clock: kit.issuer.clock,
  })
  const claims = { act: { sub: 'travel-7', iss: theirs, sub_profile: 'ai_agent' } }
  const foreign = await verifier.verify(await presented(kit.issuer, kit.agent, { human: 'alice', claims }))
  const own = await verifier.verify(await presented(kit.issuer, kit.agent, { human: 'alice' }))
  const rule = { actor: { subject: 'travel-7' } }
  expect(await verifier.authorize(own, rule)).toMatchObject({ ok: true })
  expect(await verifier.authorize(foreign, rule)).toMatchObject({ refusal: { code: 'actor_unauthorized' } })
})

describe('what a party rule may be', () => {
  const reading = (actor: unknown) => pathsIn(errorOf(() => compileRequirement({ actor: actor as PartyRule })))

  test.each([[{}], [{ kind: undefined }], [{ issuer: undefined, subject: undefined, kind: undefined }]])(
    'Access: %j asks for nothing, which is a mistake and not a rule that every party meets',
    (rule) => {
      expect(reading(rule)).toEqual(['requirement.actor'])
    },
  )

  test('Access: one member is enough, and members that are undefined are absent', async () => {
    const kit = await createKit()
    const context = await kit.context({ token: { human: 'alice' } })
    for (const rule of [
      { subject: 'travel-7', issuer: undefined },
      { kind: 'agent', subject: undefined },
      { issuer: ours, kind: undefined },
    ] as const) {
      expect([rule, await kit.decide(context, { actor: rule })]).toEqual([rule, undefined])
      expect([rule, await kit.decide(context, { principal: rule })]).toEqual([
        rule,
        rule.issuer === ours ? undefined : 'actor_unauthorized',
      ])
    }
  })

  test.each<[unknown, string]>([
    [{ issuer: 7 }, '.issuer'],
    [{ issuer: '' }, '.issuer'],
    [{ subject: 7 }, '.subject'],
    [{ subject: [] }, '.subject'],
    [{ subject: ['a', 7] }, '.subject[1]'],
    [{ kind: ['agent', 'robot'] }, '.kind[1]'],
    [{ kind: [] }, '.kind'],
    [{ name: 'a' }, '.name'],
    [null, ''],
    ['travel-7', ''],
    [['travel-7'], ''],
  ])('Access: %j is a mistake, told at its place', (rule, place) => {
    expect(reading(rule)).toContain(`requirement.actor${place}`)
  })

  test('Access: a function is asked, and is not read for members', async () => {
    const kit = await createKit()
    const context = await kit.context({ token: { human: 'alice' } })
    const rule = (answer: boolean) => Object.assign(() => answer, { issuer: 'https://unknown.example.test', path: 'x' })
    expect(await kit.decide(context, { actor: rule(true) })).toBeUndefined()
    expect(await kit.decide(context, { actor: rule(false) })).toBe('actor_unauthorized')
  })
})

describe('prior actors', () => {
  test('P24: they may deny, never allow', async () => {
    const kit = await createKit()
    const planner = await kit.issuer.agent('planner-2')
    const context = await kit.context({ token: { human: 'alice', via: [planner] } })
    expect(await kit.decide(context, { actor: { subject: 'planner-2' } })).toBe('actor_unauthorized')
    expect(await kit.decide(context, { maxDepth: 1 })).toBe('access_denied')
    expect(await kit.decide(context, { maxDepth: 2 })).toBeUndefined()
  })

  test('P24: an agent anywhere in the chain counts for denyIfAgentInvolved', async () => {
    const kit = await createKit()
    const act = { sub: 'gateway', sub_profile: 'service', act: { sub: 'planner-2', sub_profile: 'ai_agent' } }
    const context = await kit.context({ token: { human: 'alice', claims: { act } } })
    expect(context.actor.kind).toBe('service')
    expect(await kit.decide(context, { denyIfAgentInvolved: true })).toBe('access_denied')
    const plain = await kit.context({
      token: { human: 'alice', claims: { act: { sub: 'gateway', sub_profile: 'service' } } },
    })
    expect(await kit.decide(plain, { denyIfAgentInvolved: true })).toBeUndefined()
  })

  test('P23: a rule on the actor is not passed by naming none', async () => {
    const kit = await createKit()
    const context = await kit.context({ token: { claims: { sub: 'alice', sub_profile: 'user', act: undefined } } })
    expect(context.delegation).toBeNull()
    expect(await kit.decide(context, { actor: { subject: 'travel-7' } })).toBe('actor_unauthorized')
    expect(await kit.decide(context, { actor: { kind: 'agent' } })).toBe('actor_unauthorized')
  })
})

/** A request of the agent with a fresh token and a fresh proof. */
async function presented(issuer: TestIssuer, agent: TestAgent, input: Omit<TokenInput, 'agent'>): Promise<RequestView> {
  return requestView({ url, headers: await agent.headers('GET', url, await issuer.token({ ...input, agent })) })
}

function errorOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

/** The places that an OptionsError names; undefined for anything else. */
function pathsIn(error: unknown): readonly string[] | undefined {
  return error instanceof OptionsError ? error.problems.map(({ path }) => path) : undefined
}
