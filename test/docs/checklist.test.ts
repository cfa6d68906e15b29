import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ChecklistRow, checklist } from '../checklist.ts'
import { declaredNames } from '../support/declarations.ts'
import { filesByRow } from '../support/titles.ts'
import { readTree, root } from './tree.ts'

const tested = filesByRow()
const known = new Set(checklist.map(({ id }) => id))
const covered = checklist.filter(({ deferred }) => deferred === undefined)

test('DOCS: docs/requirements.md has every row once, and no section has lost one', () => {
  expect(known.size).toBe(checklist.length)
  const sizes = new Map<string, number>()
  for (const { section } of checklist) sizes.set(section, (sizes.get(section) ?? 0) + 1)
  const { P: pitfalls = 0, ...others } = Object.fromEntries(sizes)
  expect(others).toEqual({ PRES: 20, DPOP: 40, MTLS: 20, AT: 22, JOSE: 22, ACT: 29, AUD: 4, MCP: 11, CLIENT: 6 })
  expect(pitfalls).toBeGreaterThanOrEqual(40)
})

test('DOCS: each row has a clause, a demand and, unless it is left to later work, a place and tests', () => {
  const isComplete = ({ clause, demand, where, tests, deferred }: ChecklistRow) =>
    clause !== '' &&
    /^\S.*\.$/.test(demand) &&
    (deferred === undefined ? where.length > 0 && tests.length > 0 && tests.length <= 3 : tests.length === 0)
  expect(idsWhere((row) => !isComplete(row))).toEqual([])
})

test('DOCS: every covered row has a test whose title begins with it', () => {
  expect(covered.filter(({ id }) => !tested.has(id)).map(({ id }) => id)).toEqual([])
})

test('DOCS: every row that a title begins with, and every id anywhere in the repository, is in the document', () => {
  const mentions = readTree().flatMap(({ path, text }) =>
    [...text.matchAll(/(?<![\w-])(?:PRES|DPOP|MTLS|AT|JOSE|ACT|AUD|MCP|CLIENT)-\d\d(?![\w-])/g)].map(([id]) => ({
      id,
      path,
    })),
  )
  expect(mentions.length).toBeGreaterThan(known.size)
  expect(mentions.filter(({ id }) => !known.has(id))).toEqual([])
  expect([...tested.keys()].filter((id) => !known.has(id))).toEqual([])
})

test('DOCS: no row is both left to later work and tested, and each such row says why', () => {
  expect(idsWhere(({ id, deferred }) => deferred !== undefined && tested.has(id))).toEqual([])
  for (const { deferred } of checklist) expect(deferred ?? 'covered').toMatch(/\w{3}/)
})

test('DOCS: every test file that a row names has a title of that row', () => {
  expect(idsWhere(({ id, tests }) => tests.some((path) => !tested.get(id)?.includes(path)))).toEqual([])
})

test('DOCS: every place that a row names is declared in that file', () => {
  const lost = covered.flatMap(({ id, where }) =>
    where.filter(({ file, name }) => !namesIn(file).has(name)).map((place) => ({ id, ...place })),
  )
  expect(lost).toEqual([])
})

function idsWhere(isWanted: (row: ChecklistRow) => boolean): readonly string[] {
  return checklist.filter(isWanted).map(({ id }) => id)
}

function namesIn(file: string): ReadonlySet<string> {
  const path = join(root, file)
  return existsSync(path) ? declaredNames(readFileSync(path, 'utf8')) : new Set()
}
