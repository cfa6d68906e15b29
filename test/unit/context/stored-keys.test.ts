import { partyKey } from 'onbehalf'
import { expect, test } from 'vitest'

/** Keys that applications keep in their databases: their text must stay as it is. */

test('Context: partyKey is the asserting issuer, the namespace and the subject, percent-encoded', () => {
  const party = {
    subject: 'travel 7',
    issuer: 'https://agents.example',
    assertedBy: 'https://as.example',
    kind: 'agent',
    kindSource: 'profile',
    profiles: [],
  } as const
  expect(partyKey(party)).toBe('https%3A%2F%2Fas.example|https%3A%2F%2Fagents.example|travel%207')
  expect(partyKey({ ...party, issuer: null })).toBe('https%3A%2F%2Fas.example||travel%207')
})

test('Context: the key of a party whose subject is its client id ends with a part of its own', () => {
  const party = {
    subject: 'travel-7',
    issuer: null,
    assertedBy: 'https://as.example',
    kind: 'agent',
    kindSource: 'registry',
    profiles: [],
    clientId: 'travel-7',
  } as const
  expect(partyKey(party)).toBe('https%3A%2F%2Fas.example||travel-7|client')
  expect(partyKey({ ...party, clientId: 'other' })).toBe('https%3A%2F%2Fas.example||travel-7')
})
