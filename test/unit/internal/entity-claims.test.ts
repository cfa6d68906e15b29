import { expect, test } from 'vitest'
import { readEntityClaims } from '../../../src/internal/entity-claims.ts'

const long = 'x'.repeat(257)

test('Context: entity claims are copied with their known members, and frozen without a prototype', () => {
  const capabilities = ['search', 'pay']
  const given = { owner: 'ops', governance: 'g', policyVersion: '1', capabilities, instance: 'i', model: 'm' }
  const read = readEntityClaims({ ...given, platform: 'p', other: 'o', disabled: 'no' })
  expect({ ...read }).toEqual({ ...given, platform: 'p' })
  expect(Object.getPrototypeOf(read)).toBeNull()
  expect(Object.isFrozen(read)).toBe(true)
  expect(Object.isFrozen(read?.capabilities)).toBe(true)
  capabilities.push('more')
  expect(read?.capabilities).toEqual(['search', 'pay'])
})

test.each<[string, unknown, unknown]>([
  ['a text of 256 characters', 'x'.repeat(256), 'x'.repeat(256)],
  ['a longer text', long, undefined],
  ['a list of 32', Array(32).fill('a'), Array(32).fill('a')],
  ['a list of 33', Array(33).fill('a'), undefined],
  ['a list with a long text', ['a', long], undefined],
  ['a list with a number', ['a', 1], undefined],
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
  ['a list with a hole', ['a', , 'b'], undefined],
  ['a list of lists', [['a']], undefined],
  ['a number', 7, undefined],
  ['true', true, undefined],
  ['null', null, undefined],
  ['an object', { owner: 'ops' }, undefined],
])('Context: of an entity claim %s is kept or left out, and the others stay', (_, owner, kept) => {
  const read = readEntityClaims({ owner, model: 'm' })
  expect({ ...read }).toEqual(kept === undefined ? { model: 'm' } : { owner: kept, model: 'm' })
})

test('Context: only own members are entity claims', () => {
  const read = readEntityClaims(Object.create({ owner: 'inherited' }, { model: { value: 'm' } }))
  expect({ ...read }).toEqual({ model: 'm' })
  expect(readEntityClaims(JSON.parse('{"__proto__":{"owner":"x"}}'))?.owner).toBeUndefined()
})

test.each([undefined, null, 'owner', 7, true, ['owner'], () => ({ owner: 'x' })])(
  'Context: %s holds no entity claims',
  (value) => {
    expect(readEntityClaims(value)).toBeUndefined()
  },
)
