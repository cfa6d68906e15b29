import type { AccessRequirement, AgentContext, Answer, AuditEvent, Rule } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { memorySink } from '../../support/audit.ts'
import { challengeOf, challengesIn } from '../../support/challenges.ts'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
let context: AgentContext
const sink = memorySink()
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' }, verifier: { audit: sink } })
  context = await kit.context({ token: { scopes: ['a'] } })
})

async function eventOf(requirement: AccessRequirement<never>): Promise<AuditEvent | undefined> {
  const before = sink.events.length
  await kit.decide(context, requirement)
  expect(sink.events).toHaveLength(before + 1)
  return sink.events.at(-1)
}

describe('an answer with particulars', () => {
  test.each<[answer: Answer, code: string | undefined]>([
    [{ allow: true }, undefined],
    [{ allow: true, reason: 'office hours' }, undefined],
    [{ allow: true, acr: ['gold'] }, undefined],
    [{ allow: false }, 'access_denied'],
    [{ allow: false, reason: 'closed', policyVersion: '7' }, 'access_denied'],
    [{ allow: false, acr: [] }, 'access_denied'],
    [{ allow: false, acr: ['gold'] }, 'authentication_insufficient'],
    [{ allow: false, acr: undefined, reason: undefined, policyVersion: undefined }, 'access_denied'],
  ])('Access: %j, at once or later', async (answer, code) => {
    expect(await kit.decide(context, { where: () => answer })).toBe(code)
    expect(await kit.decide(context, { where: async () => answer })).toBe(code)
  })

  test.each<[how: string, answer: unknown]>([
    ['has no allow', { reason: 'x' }],
    ['has an allow that is no boolean', { allow: 1 }],
    ['has a reason that is no text', { allow: true, reason: 7 }],
    ['has a version that is no text', { allow: true, policyVersion: null }],
    ['asks for acr that is no list', { allow: false, acr: 'gold' }],
    ['asks for acr that is no text', { allow: false, acr: [1] }],
    ['asks for acr that would break the challenge', { allow: false, acr: ['gold" realm="x'] }],
    ['asks for an empty acr', { allow: false, acr: [''] }],
    ['inherits its allow', Object.create({ allow: true })],
    ['is a list', [{ allow: true }]],
    ['is a function', Object.assign(() => {}, { allow: true })],
    [
      'throws when it is read',
      {
        get allow() {
          throw new Error('in the getter')
        },
      },
    ],
  ])('Access: one that %s could not be judged', async (_how, answer) => {
    expect(await kit.decide(context, { where: (() => answer) as Rule })).toBe('policy_unavailable')
  })

  test('Access: what a polluted prototype says is no answer', async () => {
    const prototype = Object.prototype as { allow?: boolean }
    prototype.allow = true
    try {
      expect(await kit.decide(context, { where: (() => ({})) as unknown as Rule })).toBe('policy_unavailable')
    } finally {
      delete prototype.allow
    }
  })
})

describe('a no that asks for a step-up', () => {
  test('RFC 9470 §3: the challenge has the values of the answer, beside the scopes and the age of the requirement', async () => {
    const time = kit.issuer.clock.now() / 1_000
    const gold = await kit.context({ token: { scopes: ['a'], claims: { acr: 'gold', auth_time: time } } })
    const where = () => ({ allow: false, acr: ['platinum', 'titanium'] })
    const decision = await kit.verifier.authorize<never>(gold, {
      scopes: ['a'],
      acr: ['gold'],
      maxAuthAgeSeconds: 60,
      where,
    })
    expect(decision).toMatchObject({
      refusal: { code: 'authentication_insufficient', status: 401, error: 'insufficient_user_authentication' },
    })
    expect(challengeOf(decision)).toMatch(/acr_values="platinum titanium".*max_age="60".*scope="a"/)
  })

  test('RFC 9470 §3: two answers of one rule do not share a challenge', async () => {
    const wanted = ['one', 'two']
    const requirement: AccessRequirement = { where: () => ({ allow: false, acr: [wanted.shift() ?? ''] }) }
    expect(challengeOf(await kit.verifier.authorize<never>(context, requirement))).toContain('acr_values="one"')
    expect(challengeOf(await kit.verifier.authorize<never>(context, requirement))).toContain('acr_values="two"')
  })

  test('RFC 9470 §3: the baseline asks the same way', async () => {
    const verifier = kit.verifierWith({ access: { where: () => ({ allow: false, acr: ['gold'] }) } })
    const refusal = await kit.refusal({ verifier })
    expect(refusal.code).toBe('authentication_insufficient')
    expect(challengesIn(refusal)['DPoP']).toMatchObject({ acr_values: 'gold' })
  })
})

describe('the audit', () => {
  const named = (answer: unknown): AccessRequirement => ({
    where: { name: 'the till is open', test: (() => answer) as Rule },
  })

  test('Audit: the rule that refused is the member of the requirement', async () => {
    const no = () => false
    const rules: [AccessRequirement<never>, string | null][] = [
      [{}, null],
      [{ scopes: ['b'] }, 'scopes'],
      [{ anyScope: ['b'] }, 'anyScope'],
      [{ actor: no }, 'actor'],
      [{ principal: { kind: 'agent' } }, 'principal'],
      [{ pair: no }, 'pair'],
      [{ authority: 'independent' }, 'authority'],
      [{ denyIfAgentInvolved: true }, 'denyIfAgentInvolved'],
      [{ maxDepth: 0 }, 'maxDepth'],
      [{ sender: 'mtls' }, 'sender'],
      [{ details: { type: 'payment', allows: no } }, 'details'],
      [{ roles: ['r'] }, 'roles'],
      [{ permissions: ['p'] }, 'permissions'],
      [{ acr: ['gold'] }, 'acr'],
      [{ maxAuthAgeSeconds: 5 }, 'maxAuthAgeSeconds'],
      [{ where: no }, 'where'],
      [named(false), 'where:the till is open'],
      [named('yes'), 'where:the till is open'],
      [{ pair: (() => 'yes') as unknown as () => boolean }, 'pair'],
    ]
    for (const [requirement, rule] of rules) expect((await eventOf(requirement))?.rule).toBe(rule)
  })

  test('Audit: reason and version of the policy are in the event, for a yes as for a no, and nowhere else', async () => {
    const yes = await eventOf(named({ allow: true, reason: 'till 4', policyVersion: '7' }))
    expect(yes).toMatchObject({ decision: 'admitted', rule: null, facts: { reason: 'till 4', policyVersion: '7' } })
    const no = { allow: false, reason: 'secret of the till', policyVersion: '8' }
    expect((await eventOf(named(no)))?.facts).toEqual({ reason: 'secret of the till', policyVersion: '8' })
    expect(JSON.stringify(await kit.verifier.authorize<never>(context, named(no)))).not.toContain('secret of the till')
    expect(await eventOf(named({ allow: true }))).not.toHaveProperty('facts')
  })

  test('Audit: what the rule of the baseline says is in the authentication event', async () => {
    const audit = memorySink()
    let allow = true
    const test = async () => ({ allow, policyVersion: '9' })
    const verifier = kit.verifierWith({ audit, access: { where: { name: 'floor', test } } })
    await kit.call({ verifier })
    allow = false
    await kit.call({ verifier })
    expect(audit.events).toMatchObject([
      { phase: 'authentication', decision: 'admitted', rule: null, facts: { policyVersion: '9' } },
      { phase: 'authentication', code: 'access_denied', rule: 'where:floor', facts: { policyVersion: '9' } },
    ])
  })

  test('Audit: the facts say what a rule wanted and what the token grants', async () => {
    expect((await eventOf({ scopes: ['a', 'b'] }))?.facts).toEqual({ wanted: ['a', 'b'], granted: ['a'] })
    expect((await eventOf({ anyScope: ['c', 'b'] }))?.facts).toEqual({ wanted: ['c', 'b'], granted: ['a'] })
    const missing = (await eventOf({ roles: ['clerk'] }))?.facts
    expect(missing).toEqual({ wanted: ['clerk'], granted: [] })
    expect([Object.isFrozen(missing?.wanted), Object.isFrozen(missing?.granted)]).toEqual([true, true])
  })
})

test('Access: a rule keeps its own this', async () => {
  const where = {
    name: 'open',
    test() {
      return this.name === 'open'
    },
  }
  expect(await kit.decide(context, { where })).toBeUndefined()
})
