import { expect, test } from 'vitest'
import { checklist } from '../checklist.ts'
import { filesByRow } from '../support/titles.ts'

const tested = filesByRow()

test('RFC 2119 §1: the list has every row once', () => {
  expect(new Set(checklist.map(({ id }) => id)).size).toBe(checklist.length)
  expect(checklist).toHaveLength(20 + 39 + 20 + 22 + 22 + 27)
})

test('RFC 2119 §1: every covered row has a test whose title begins with it', () => {
  const untested = checklist.filter(({ id, deferred }) => deferred === undefined && !tested.has(id))
  expect(untested.map(({ id }) => id)).toEqual([])
})

test('RFC 2119 §1: no title names a row that does not exist', () => {
  const known = new Set(checklist.map(({ id }) => id))
  expect([...tested].filter(([id]) => !known.has(id))).toEqual([])
})

test('RFC 2119 §1: no row is both left to later work and tested', () => {
  const both = checklist.filter(({ id, deferred }) => deferred !== undefined && tested.has(id))
  expect(both.map(({ id }) => [id, tested.get(id)])).toEqual([])
})

test('RFC 2119 §1: what is left to later work says why', () => {
  for (const { deferred } of checklist) expect(deferred ?? 'covered').toMatch(/\w{3}/)
})
