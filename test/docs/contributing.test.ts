import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readDocument, tableAfter } from '../package/documents.ts'
import { readTree, root } from './tree.ts'

const contributing = readDocument('CONTRIBUTING.md')
const steps = ['token', 'sender', 'replay', 'context', 'access', 'refusal', 'audit']

/** Files of a step that run code of another step, and that step. Every step may use the class of a refusal. */
const exceptions: readonly string[] = []

test('DOCS: the folders of tests in CONTRIBUTING.md are those in test', () => {
  const shown = tableAfter('CONTRIBUTING.md', '## Tests').map(([name]) => name)
  expect(shown).toEqual(foldersIn('test').map((name) => `test/${name}`))
})

test('DOCS: a folder of test/unit is one of src', () => {
  expect(foldersIn('test/unit').filter((name) => !foldersIn('src').includes(name))).toEqual([])
})

test('DOCS: every command in CONTRIBUTING.md and README.md exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const named = [...(contributing + readDocument('README.md')).matchAll(/npm (?:run )?([\w:]+)/g)].map(
    ([, name = '']) => name,
  )
  const unknown = named.filter((name) => !(name in scripts) && !['install', 'needs'].includes(name))
  expect(unknown).toEqual([])
  expect(named.length).toBeGreaterThan(8)
  expect(existsSync(join(root, 'node_modules/vitest'))).toBe(true)
})

test('DOCS: every path that CONTRIBUTING.md names exists', () => {
  const quoted = [...contributing.matchAll(/`((?:src|test|docs|examples|adapters|\.ci)\/[\w./-]*)`/g)]
  const paths = quoted.map(([, path = '']) => path)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  expect(paths.length).toBeGreaterThan(15)
})

test('DOCS: every environment variable that CONTRIBUTING.md names is read', () => {
  const text = readTree(join(root, 'test'))
    .map((file) => file.text)
    .join('\n')
  const names = [...contributing.matchAll(/`([A-Z]+_[A-Z_]+)(?:=1)?`/g)].map(([, name = '']) => name)
  expect(names.filter((name) => !text.includes(name))).toEqual([])
  expect(names.length).toBeGreaterThan(3)
})

test('HYGIENE: steps run no code of another step, with the exceptions listed here', () => {
  const arrows = steps.flatMap((step) =>
    readTree(join(root, 'src', step)).flatMap(({ path, text }) =>
      importsOf(text)
        .filter((target) => target !== 'refusal/denial.ts' && steps.some((other) => target.startsWith(`${other}/`)))
        .map((target) => `${step}/${path} → ${target}`),
    ),
  )
  expect(arrows.sort()).toEqual([...exceptions].sort())
})

/** Modules of other folders that are imported for more than types. */
function importsOf(text: string): readonly string[] {
  const statements = text.matchAll(/^import (?!type )\{?([^'{}]*)\}? from '\.\.\/([\w/-]+\.ts)'/gm)
  return [...statements].flatMap(([, names = '', target = '']) => {
    const isForTypes = names.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '))
    return isForTypes ? [] : [target]
  })
}

function foldersIn(folder: string): readonly string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}
