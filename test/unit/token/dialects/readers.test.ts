import { expect, test } from 'vitest'
import {
  actorsOf,
  principalOf,
  subjectOf,
  textClaim,
  textIn,
  withIssuer,
} from '../../../../src/token/dialects/readers.ts'
import { rfc9068Parties } from '../../../../src/token/dialects/rfc9068.ts'
import { ClaimFault } from '../../../../src/token/faults.ts'
import { read } from './fake-readers.ts'

test('Context: an empty text, and what is no text, refuses the token', () => {
  expect(textClaim({ oid: 'o' }, 'oid')).toBe('o')
  expect(textClaim({}, 'oid')).toBeUndefined()
  for (const oid of ['', 7, null]) expect(() => textClaim({ oid }, 'oid')).toThrow()
  expect(() => subjectOf({})).toThrow()
})

test('Context: a subject whose kind the product does not tell is unknown', () => {
  expect(principalOf({ sub: 's' }, read).kind).toBe('unknown')
  expect(principalOf({ sub: 's' }, read, 'service').kind).toBe('service')
  expect(principalOf({ sub: 's', sub_profile: 'ai_agent' }, read, 'service').kind).toBe('agent')
})

test('Context: members that are empty or no texts are absent', () => {
  expect(textIn({ id: 'a' }, 'id')).toBe('a')
  for (const id of ['', 7, null, ['a']]) expect(textIn({ id }, 'id')).toBeUndefined()
})

test('RFC 8693 §4.1: an act that has the inverse meaning is refused by its name, and its absence is not', () => {
  const readers = {
    ...read,
    malformed(name: string): never {
      throw new ClaimFault(name)
    },
  }
  const inverted = { sub: 'agent_reg_1' }
  expect(actorsOf(inverted, readers)).toEqual([])
  expect(() => actorsOf({ ...inverted, act: { sub: 'u' } }, readers)).toThrow(expect.objectContaining({ claim: 'act' }))
})

test('Context: actors without a namespace get that of the token, with a warning', () => {
  const stated = { subject: 'a', issuer: 'i' }
  expect(withIssuer([], 'i')).toStrictEqual({ chain: undefined, warnings: [] })
  expect(withIssuer([stated], 'j')).toStrictEqual({ chain: [stated], warnings: [] })
  expect(withIssuer([stated, { subject: 'b', issuer: null }], 'j')).toStrictEqual({
    chain: [stated, { subject: 'b', issuer: 'j' }],
    warnings: ['act_iss_assumed'],
  })
})

const parties = (claims: object) => rfc9068Parties({ sub: 's', ...claims }, read)

test('Context: a mission is read in full or in part, and in another shape overlooked', () => {
  expect(parties({ mission: { id: 'm', expires_at: 9 } })).toMatchObject({ grantId: 'm', expiresAt: 9 })
  expect(parties({ mission: { id: 'm' } })).toMatchObject({ grantId: 'm', expiresAt: undefined })
  expect(parties({ mission: { expires_at: 9 } })).toMatchObject({ grantId: undefined, expiresAt: 9 })
  for (const mission of [undefined, null, 'm', ['m']]) expect(parties({ mission })).not.toHaveProperty('grantId')
})

test.each([
  ['mission.id', { mission: { id: '' } }],
  ['mission.id', { mission: { id: 7 } }],
  ['mission.expires_at', { mission: { expires_at: '9' } }],
  ['chain_complete', { chain_complete: 'no' }],
])('Context: a malformed %s refuses the token by its name', (claim, claims) => {
  expect(() => parties(claims)).toThrow(expect.objectContaining({ claim }))
})
