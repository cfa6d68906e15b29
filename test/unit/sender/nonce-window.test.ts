import { expect, test } from 'vitest'
import { createNonces } from '../../../src/sender/nonce.ts'

/** How long a nonce is good, by the nonce alone: the proof's own end is another check. */

const secret = new Uint8Array(32).fill(7)
const seconds = 300
const slotMs = 10_000
const start = 170_000_000 * slotMs

test('DPOP-27: a nonce is good to the last millisecond of its time, and not one longer', () => {
  const nonces = createNonces([secret], seconds, 'https://api.example.test')
  const nonce = nonces.mint(start + 9_999)
  const end = start + seconds * 1_000
  for (const moment of [start, start + 1, end - 1, end]) expect(nonces.validUntil(nonce, moment)).toBe(end)
  expect(nonces.validUntil(nonce, end + 1)).toBeUndefined()
})

test('DPOP-27: a nonce of the next slot is good, because clocks differ, and one of the slot after it is not', () => {
  const nonces = createNonces([secret], seconds, 'https://api.example.test')
  const other = createNonces([secret], seconds, 'https://api.example.test')
  const ahead = other.mint(start + slotMs)
  expect(nonces.validUntil(ahead, start)).toBe(start + slotMs + seconds * 1_000)
  expect(nonces.validUntil(ahead, start - 1)).toBeUndefined()
  expect(nonces.validUntil(ahead, start)).toBeDefined()
})

test('DPOP-27: a slot has one nonce, and the next slot another', () => {
  const nonces = createNonces([secret], seconds, 'https://api.example.test')
  const first = nonces.mint(start)
  expect(nonces.mint(start + slotMs - 1)).toBe(first)
  expect(nonces.mint(start + slotMs)).not.toBe(first)
  expect(nonces.mint(start)).toBe(first)
})

test('DPOP-30: a nonce is to be replaced from half of its time on', () => {
  const nonces = createNonces([secret], seconds, 'https://api.example.test')
  const nonce = nonces.mint(start)
  expect(nonces.isAging(nonce, start + seconds * 500 - 1)).toBe(false)
  expect(nonces.isAging(nonce, start + seconds * 500)).toBe(true)
})

test('DPOP-31: a nonce of another resource, secret, length or alphabet is not one', () => {
  const nonces = createNonces([secret], seconds, 'https://api.example.test')
  const nonce = nonces.mint(start)
  const foreign = [
    createNonces([secret], seconds, 'https://other.example.test').mint(start),
    createNonces([new Uint8Array(32)], seconds, 'https://api.example.test').mint(start),
    createNonces([secret], 600, 'https://api.example.test').mint(start),
    `${nonce}A`,
    `A${nonce}`,
    `${nonce}\n`,
    nonce.slice(1),
    `${nonce.slice(0, -1)}+`,
    '',
  ]
  for (const text of foreign) expect(nonces.validUntil(text, start)).toBeUndefined()
})
