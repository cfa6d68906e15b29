import { describe, expect, it } from 'vitest'
import { workosDialect } from '../../../../src/token/dialects/workos.ts'
import { workosAgentsDialect } from '../../../../src/token/dialects/workos-agents.ts'
import { zeroidDialect } from '../../../../src/token/dialects/zeroid.ts'
import { read } from './fake-readers.ts'

const iss = 'https://as.example'

describe.each([
  ['workos-agents', workosAgentsDialect, { iss, sub: 'agent_reg_1', org_id: 'org_1', jti: 'j' }],
  ['zeroid', zeroidDialect, { iss, sub: 'spiffe://as/agent/a', identity_type: 'agent' }],
])('%s', (_name, dialect, base) => {
  const parties = (claims: object) => dialect.parties?.({ ...base, ...claims }, read)
  const agent = { subject: base.sub, kind: 'agent' }

  it('Context: sub acts for the party that act names', () => {
    const answer = parties({ act: { sub: 'user_1', sub_profile: 'user' } })
    expect(answer?.principal).toEqual({ subject: 'user_1', kind: 'human', profiles: undefined })
    expect(answer?.chain).toEqual([{ ...agent, issuer: iss }])
    expect(answer?.warnings).toEqual(['inverted_act', 'act_iss_assumed'])
    expect(parties({ act: { sub: 'user_1', iss } })?.warnings).toEqual(['inverted_act'])
  })

  it('Context: without act sub is the principal', () => {
    expect(parties({})?.principal).toEqual(agent)
    expect(parties({})?.chain).toBeUndefined()
  })

  it('Context: an act that names sub again leaves the principal the agent it is', () => {
    expect(parties({ act: { sub: base.sub, iss } })?.principal).toEqual(agent)
  })

  it.each([
    ['of another issuer', { act: { sub: 'u', iss: 'https://else.example' } }],
    ['with an inner act', { act: { sub: 'u', act: { sub: 'v' } } }],
    ['named by its client id', { act: { client_id: 'c' } }],
  ])('Context: an act %s is refused', (_name, claims) => {
    expect(() => parties(claims)).toThrow()
  })
})

it('Context: several delegators of which one is named make the chain incomplete', () => {
  const base = { iss, sub: 'a', identity_type: 'agent', act: { sub: 'b' } }
  const complete = (depth: unknown) => zeroidDialect.parties?.({ ...base, delegation_depth: depth }, read).complete
  expect([complete(1), complete(2)]).toEqual([undefined, false])
  expect(() => complete('2')).toThrow()
  expect(() => zeroidDialect.parties?.({ ...base, act: undefined, delegation_depth: 1 }, read)).toThrow()
})

it('Context: what a token of ZeroID tells of its identity belongs to sub', () => {
  const claims = { iss, sub: 'a', owner_user_id: 'o', framework: 'f', capabilities: ['c'], publisher: 'p' }
  const entity = { owner: 'o', platform: 'f', capabilities: ['c'] }
  expect(zeroidDialect.entity?.(claims, 'principal')).toEqual(entity)
  expect(zeroidDialect.entity?.({ ...claims, act: { sub: 'b' } }, 'principal')).toBeUndefined()
  expect(zeroidDialect.entity?.({ ...claims, act: { sub: 'b' } }, 'actor')).toEqual(entity)
})

it('Context: what ZeroID does not tell is absent, and an identity of another type unknown', () => {
  const claims = { iss, sub: 'a', identity_type: 'mcp_server' }
  expect(zeroidDialect.entity?.(claims, 'principal')).toStrictEqual({})
  expect(zeroidDialect.parties?.(claims, read).principal.kind).toBe('unknown')
  expect(() => zeroidDialect.parties?.({ ...claims, identity_type: undefined }, read)).toThrow()
})

it('Context: the mission of ZeroID is the grant, and a depth is a count', () => {
  const parties = (claims: object) =>
    zeroidDialect.parties?.({ iss, sub: 'a', identity_type: 'agent', ...claims }, read)
  expect(parties({ act: { sub: 'b' }, mission_id: 'm' })?.grantId).toBe('m')
  for (const depth of [1.5, -1]) {
    expect(() => parties({ act: { sub: 'b' }, delegation_depth: depth })).toThrow()
    expect(() => parties({ delegation_depth: depth })).toThrow()
  }
})

it('Context: an agent registration without act has a token of its own, and another subject none', () => {
  expect(workosAgentsDialect.parties?.({ iss, sub: 'agent_reg_1' }, read).ownToken).toBe(true)
  expect(() => workosAgentsDialect.parties?.({ iss, sub: 'user_1' }, read)).toThrow()
})

it('Context: a token whose act has the meaning of RFC 8693 is not read the other way round', () => {
  const user = { iss, sub: 'user_1', org_id: 'org_1', jti: 'j', act: { sub: 'agent_reg_1' } }
  expect(workosAgentsDialect.refuse?.({}, user)).toBe('sub')
  expect(zeroidDialect.refuse?.({}, user)).toBe('identity_type')
  expect(workosDialect.refuse?.({}, { ...user, sub: 'agent_reg_1', act: { sub: 'user_1' } })).toBe('sub')
})
