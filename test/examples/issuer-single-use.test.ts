import { expect, test } from 'vitest'
import { OAuthError } from '../../examples/issuer/oauth-error.ts'
import { createSingleUse } from '../../examples/issuer/single-use.ts'

const used = new OAuthError('invalid_grant', 'used')
const refusal = () => used

test('RFC 9449 §11.1: one client cannot take the room of the others', () => {
  let now = 0
  const memory = createSingleUse({ seconds: 10, capacity: 5, share: 2, now: () => now })
  memory.consume('greedy', 'a', refusal)
  memory.consume('greedy', 'b', refusal)
  expect(() => memory.consume('greedy', 'c', refusal)).toThrow(expect.objectContaining({ status: 503 }))
  for (const identifier of ['a', 'b']) memory.consume('other', identifier, refusal)
  expect(() => memory.consume('greedy', 'a', refusal)).toThrow(used)
  now = 11
  for (const identifier of ['a', 'c']) memory.consume('greedy', identifier, refusal)
})

test('RFC 9449 §11.1: a full memory refuses and forgets nothing early', () => {
  const memory = createSingleUse({ seconds: 10, capacity: 2, share: 2, now: () => 0 })
  memory.consume('a', '1', refusal)
  memory.consume('b', '1', refusal)
  expect(() => memory.consume('c', '1', refusal)).toThrow(expect.objectContaining({ status: 503 }))
  expect(() => memory.consume('a', '1', refusal)).toThrow(used)
})
