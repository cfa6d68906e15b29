import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checklist } from '../checklist.ts'
import { filesByRow, plantedExemptions, plantedPatch, plantedRows } from '../support/titles.ts'

const root = join(import.meta.dirname, '../..')
const planted = plantedRows()
const exempt = plantedExemptions()
const required = checklist
  .filter(({ level, deferred }) => level === 'must' && deferred === undefined)
  .map(({ id }) => id)

test('RFC 2119 §1: every covered MUST has a patch that removes its check, or a reason for none', () => {
  expect(required.filter((id) => !planted.includes(id) && !Object.hasOwn(exempt, id))).toEqual([])
})

test('RFC 2119 §1: at most ten have none, and none has both', () => {
  expect(Object.keys(exempt).length).toBeLessThanOrEqual(10)
  expect(Object.keys(exempt).filter((id) => planted.includes(id) || !required.includes(id))).toEqual([])
  for (const reason of Object.values(exempt)) expect(reason).toMatch(/\w{3}/)
})

test('RFC 2119 §1: every patch is of a covered row that has tests', () => {
  const tested = filesByRow()
  const known = new Set(checklist.filter(({ deferred }) => deferred === undefined).map(({ id }) => id))
  expect(planted.filter((id) => !known.has(id) || !tested.has(id))).toEqual([])
})

test.each(planted)('RFC 2119 §1: patch %s changes sources and nothing else', (row) => {
  const paths = [...plantedPatch(row).matchAll(/^(?:---|\+\+\+) [ab]\/(\S+)/gm)].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThanOrEqual(2)
  for (const path of paths) {
    expect(path).toMatch(/^(?:src|adapters)\//)
    expect(existsSync(join(root, path))).toBe(true)
  }
})
