import { expect, it } from 'vitest'
import { aapDialect } from '../../../../src/token/dialects/aap.ts'
import { read } from './fake-readers.ts'

const base = {
  iss: 'https://as.example',
  sub: 'origin',
  agent: { id: 'origin', operator: 'org:acme', model: { id: 'm' } },
}
const parties = (claims: object) => aapDialect.parties?.({ ...base, ...claims }, read)

it('Context: the last name of the chain acts, and the earlier ones follow from the newest', () => {
  const answer = parties({ delegation: { depth: 2, max_depth: 2, chain: ['agent:origin', 'middle', 'last'] } })
  expect(answer?.principal).toEqual({ subject: 'origin', kind: 'agent' })
  expect(answer?.chain).toEqual([
    { subject: 'last', issuer: base.iss },
    { subject: 'middle', issuer: base.iss },
  ])
})

it('Context: a chain of depth 0 names no actor', () => {
  expect(parties({ delegation: { depth: 0, max_depth: 2, chain: ['agent:origin'] } })?.chain).toBeUndefined()
  expect(parties({})?.chain).toBeUndefined()
})

it('Context: a depth over max_depth is too deep', () => {
  expect(() => parties({ delegation: { depth: 3, max_depth: 2, chain: ['a', 'b', 'c', 'd'] } })).toThrow(RangeError)
})

it.each([
  ['a chain that is too long', { delegation: { depth: 0, max_depth: 2, chain: ['a', 'b'] } }],
  ['a chain that is too short', { delegation: { depth: 1, max_depth: 2, chain: ['a'] } }],
  ['a chain of other things than names', { delegation: { depth: 1, max_depth: 2, chain: ['a', 1] } }],
  ['a chain that another agent begins', { delegation: { depth: 1, max_depth: 2, chain: ['other', 'last'] } }],
  ['a depth that is no count', { delegation: { depth: -1, max_depth: 2, chain: [] } }],
  ['a name that is empty', { delegation: { depth: 1, max_depth: 2, chain: ['origin', ''] } }],
  ['a later name that is no text', { delegation: { depth: 1, max_depth: 2, chain: ['origin', 1] } }],
  ['a max_depth that is no whole number', { delegation: { depth: 1, max_depth: 1.5, chain: ['origin', 'last'] } }],
  ['a task beside names of the other draft', { agent: undefined, aap_agent: base.agent, task: {} }],
  ['a depth without max_depth', { delegation: { depth: 0, chain: ['a'] } }],
  ['a delegation that is null', { delegation: null }],
  ['names of both drafts', { aap_delegation: { depth: 0, max_depth: 0, chain: ['origin'] } }],
  ['another agent than sub', { agent: { id: 'other' } }],
  ['a delegation without agent', { agent: undefined, delegation: { depth: 0, max_depth: 0, chain: ['origin'] } }],
  ['an act', { act: { sub: 'a' } }],
])('Context: %s is refused', (_name, claims) => {
  expect(() => parties(claims)).toThrow()
})

it('Context: a max_depth below 0 is malformed, not too deep', () => {
  const claims = () => parties({ delegation: { depth: 0, max_depth: -1, chain: ['origin'] } })
  expect(claims).toThrow()
  expect(claims).not.toThrow(RangeError)
})

it('Context: the names of draft -00 mean the same', () => {
  const delegation = { depth: 1, max_depth: 1, chain: ['origin', 'last'] }
  const answer = parties({ agent: undefined, aap_agent: base.agent, aap_delegation: delegation })
  expect(answer?.chain).toEqual([{ subject: 'last', issuer: base.iss }])
  expect(answer?.warnings).toEqual(['act_iss_assumed'])
  expect(parties({})?.warnings).toEqual([])
})

it('Context: a token without agent tells nothing of its subject', () => {
  const claims = { iss: base.iss, sub: 'origin' }
  expect(aapDialect.parties?.(claims, read)).toEqual({ principal: { subject: 'origin', kind: 'unknown' } })
  expect(aapDialect.entity?.(claims, 'principal')).toBeUndefined()
})

it('Context: the first agent acts itself until it delegates', () => {
  const claims = { ...base, delegation: { depth: 0, max_depth: 1, chain: ['origin'] } }
  expect(aapDialect.entity?.(claims, 'actor')).toEqual({ owner: 'org:acme', model: 'm' })
})

it('Context: what a token does not tell of its agent is absent', () => {
  const entity = (agent: object) => aapDialect.entity?.({ ...base, agent: { id: 'origin', ...agent } }, 'principal')
  expect(entity({})).toStrictEqual({})
  expect(entity({ runtime: { environment: 'cloud' } })).toStrictEqual({ platform: 'cloud' })
})

it('Context: the operator owns the agent, and only the agent that it is said of', () => {
  const claims = {
    ...base,
    capabilities: [{ action: 'read' }, 1],
    delegation: { depth: 1, max_depth: 1, chain: ['o', 'p'] },
  }
  const entity = { owner: 'org:acme', model: 'm', capabilities: ['read'] }
  expect(aapDialect.entity?.(claims, 'principal')).toEqual(entity)
  expect(aapDialect.entity?.(claims, 'actor')).toBeUndefined()
  expect(aapDialect.entity?.(base, 'actor')).toEqual({ owner: 'org:acme', model: 'm' })
})
