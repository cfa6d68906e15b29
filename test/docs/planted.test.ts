import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checklist } from '../checklist.ts'
import { patchedPlaces } from '../support/patches.ts'
import { filesByRow, plantedExemptions, plantedPatch, plantedRows } from '../support/titles.ts'

const root = join(import.meta.dirname, '../..')
const planted = plantedRows()
const exempt = plantedExemptions()
const covered = checklist.filter(({ deferred }) => deferred === undefined)
const required = covered.filter(({ level }) => level === 'must').map(({ id }) => id)

test('DOCS: every covered MUST has a patch that removes its check, or a reason for none', () => {
  expect(required.filter((id) => !planted.includes(id) && !Object.hasOwn(exempt, id))).toEqual([])
})

test('DOCS: at most ten have none, and none has both', () => {
  expect(Object.keys(exempt).length).toBeLessThanOrEqual(10)
  expect(Object.keys(exempt).filter((id) => planted.includes(id) || !required.includes(id))).toEqual([])
  for (const reason of Object.values(exempt)) expect(reason).toMatch(/\w{3}/)
})

test('DOCS: every patch is of a covered row that has tests', () => {
  const tested = filesByRow()
  const known = new Set(covered.map(({ id }) => id))
  expect(planted.filter((id) => !known.has(id) || !tested.has(id))).toEqual([])
})

test.each(planted)('DOCS: patch %s changes sources and nothing else', (row) => {
  const paths = [...plantedPatch(row).matchAll(/^(?:---|\+\+\+) [ab]\/(\S+)/gm)].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThanOrEqual(2)
  for (const path of paths) {
    expect(path).toMatch(/^(?:src|adapters)\//)
    expect(existsSync(join(root, path))).toBe(true)
  }
})

test.each(planted)('DOCS: patch %s changes a place that the row names', (row) => {
  const named = checklist.find(({ id }) => id === row)?.where ?? []
  const patched = patchedPlaces(plantedPatch(row))
  const both = patched.filter(({ file, name }) => named.some((place) => place.file === file && place.name === name))
  expect(both, JSON.stringify({ named, patched })).not.toEqual([])
})
