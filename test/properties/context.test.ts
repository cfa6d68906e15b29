import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { AgentContext, Verdict } from '../../src/index.ts'
import type { Members } from '../support/jws.ts'
import { createRig, judgeNow, plainJson, type Rig, runs, viewOf } from './rig.ts'
import { requireSealed } from './sealed.ts'

let rig: Rig

beforeAll(async () => {
  rig = await createRig()
})

function admit(claims: Members, shotsPerToken = 1): readonly Verdict[] {
  const { clock, verifier } = rig.open({ delegation: { maxDepth: 20 } }, { actorIssuers: 'any', agentClients: ['app'] })
  const token = rig.token(claims)
  return Array.from({ length: shotsPerToken }, () => judgeNow(verifier, viewOf(token, rig.proof(clock, token))))
}

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'app', 'alice'),
)
const texts = fc.array(text, { maxLength: 3 })
const profile = fc.oneof(plainJson, fc.constantFrom('user', 'ai_agent', 'service AI_AGENT', 'native_app x', '  '))
const anyAct = fc.letrec<{ act: unknown }>((tie) => ({
  act: fc.record(
    { sub: text, iss: text, client_id: text, sub_profile: profile, act: tie('act'), ['__proto__']: plainJson },
    { requiredKeys: ['sub'], noNullPrototype: true },
  ),
})).act
/** Mostly of the right type, so that most tokens are admitted; the rest is anything. */
const anyClaims: fc.Arbitrary<Members> = fc.record(
  {
    sub: text,
    client_id: text,
    act: anyAct,
    sub_profile: profile,
    client_profile: profile,
    scope: fc.constantFrom('', 'a', 'a b:c'),
    roles: fc.oneof(texts, plainJson),
    permissions: fc.oneof(texts, plainJson),
    amr: texts,
    acr: text,
    auth_time: fc.nat(),
    authorization_details: fc.array(fc.record({ type: text, more: plainJson }, { noNullPrototype: true }), {
      maxLength: 2,
    }),
    ['__proto__']: plainJson,
    constructor: plainJson,
    toString: plainJson,
    more: plainJson,
  },
  { requiredKeys: [], noNullPrototype: true },
)

const required = [
  'principal',
  'actor',
  'authority',
  'delegation',
  'enforcement',
  'involvesAgent',
  'client',
  'scopes',
].concat(['authorizationDetails', 'roles', 'permissions', 'sender', 'authentication', 'token', 'warnings'])

function contextOf(verdict: Verdict | undefined): AgentContext | undefined {
  return verdict?.ok === true ? verdict.context : undefined
}

describe('the context', () => {
  test('P9: it is frozen to the last member and owns all it shows, for any claims', () => {
    let admitted = 0
    fc.assert(
      fc.property(anyClaims, (claims) => {
        const context = contextOf(admit(claims)[0])
        if (context === undefined) return
        admitted += 1
        requireSealed(context, 'context')
        expect(Object.keys(context).sort()).toEqual([...required].sort())
        const parties = [context.principal, context.actor, ...(context.delegation?.chain ?? [])]
        for (const party of parties) {
          expect(typeof party.subject).toBe('string')
          expect(party.profiles.every((item) => typeof item === 'string')).toBe(true)
        }
      }),
      runs(200),
    )
    expect(admitted).toBeGreaterThan(100)
  })

  test('P9: it is shared by the requests of one token, and writing to it changes nothing', () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        const [first, second] = admit(claims, 2).map(contextOf)
        if (first === undefined) return
        expect(second).toBe(first)
        const before = JSON.stringify(first)
        expect(() => Object.assign(first, { scopes: ['admin'] })).toThrow(TypeError)
        expect(() => Object.assign(first.token.claims, { scope: 'admin' })).toThrow(TypeError)
        expect(JSON.stringify(second)).toBe(before)
      }),
      runs(30),
    )
  })

  test('P13: a member called __proto__ gives no member to anything', () => {
    const smuggled = JSON.parse(
      '{"scope":"admin","roles":["admin"],"acr":"high","act":{"sub":"x"},"jkt":"y"}',
    ) as Members
    const claims = JSON.parse(`{"__proto__":${JSON.stringify(smuggled)}}`) as Members
    const context = contextOf(admit(claims)[0])
    expect(context).toMatchObject({ scopes: [], roles: [], authority: 'undetermined', delegation: null })
    expect(context?.authentication.acr).toBeUndefined()
    expect(Object.keys(context?.token.claims ?? {})).toContain('__proto__')
  })

  test.each([
    ['scope', 'admin', (context: AgentContext) => context.scopes.length === 0],
    ['roles', ['admin'], (context: AgentContext) => context.roles.length === 0],
    [
      'act',
      Object.assign(Object.create(null), { sub: 'planner' }),
      (context: AgentContext) => context.delegation === null,
    ],
    ['acr', 'high', (context: AgentContext) => context.authentication.acr === undefined],
    ['sub_profile', 'user', (context: AgentContext) => context.principal.kind === 'unknown'],
  ] as const)('P13: %s on Object.prototype is no claim of the token', (name, value, isAbsent) => {
    const { clock, verifier } = rig.open({}, { actorIssuers: 'any' })
    const token = rig.token()
    const view = viewOf(token, rig.proof(clock, token))
    Object.defineProperty(Object.prototype, name, { value, configurable: true })
    try {
      const context = contextOf(judgeNow(verifier, view))
      expect(context === undefined || isAbsent(context)).toBe(true)
    } finally {
      Reflect.deleteProperty(Object.prototype, name)
    }
  })
})
