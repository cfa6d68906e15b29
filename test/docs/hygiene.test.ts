import { expect, test } from 'vitest'
import { findAll, findPrivateKeys, readTree, type TextFile } from './tree.ts'

const files = readTree()
const code = files.filter(({ path }) => /\.(?:ts|mjs)$/.test(path))
const product = code.filter(({ path }) => /^(?:src|adapters)\//.test(path))
const lengthOf = ({ text }: TextFile) => text.split('\n').length - 1

test('HYGIENE: the tree was found', () => {
  expect(product.length).toBeGreaterThan(40)
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['package.json', 'README.md', 'src/index.ts']))
})

test('HYGIENE: no private key is in the repository', () => {
  expect(findPrivateKeys(files)).toEqual([])
})

test('HYGIENE: the search for private keys finds them', () => {
  const data = 'A'.repeat(64)
  const texts = [
    `-----BEGIN ${'PRIVATE'} KEY-----\n${data}`,
    `-----BEGIN EC ${'PRIVATE'} KEY-----\\n${data}`,
    `{"kty":"EC","${'d'}":"${data}"}`,
    `{ kty: 'OKP', ${'d'}: '${data}' }`,
  ]
  expect(texts.map((text) => findPrivateKeys([{ path: 'key', text }]))).toEqual(texts.map(() => ['key:1']))
})

test('HYGIENE: no source is over 400 lines, and half are under 130', () => {
  expect(product.filter((file) => lengthOf(file) > 400).map(({ path }) => path)).toEqual([])
  const lengths = product.map(lengthOf).sort((a, b) => a - b)
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(130)
})

test('HYGIENE: exports are named', () => {
  const others = code.filter(({ path }) => !/(?:^|\/)vitest\.config\.\w+$/.test(path))
  expect(findAll(others, /^export default\b|^export \* from\b/m)).toEqual([])
})

test('HYGIENE: nothing is left to do, left out or run alone', () => {
  expect(findAll(files, /\b(?:TO(?:DO)|FIX(?:ME))\b/)).toEqual([])
  expect(findAll(code, /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|only|todo)\b/)).toEqual([])
})

test('HYGIENE: no path of a machine', () => {
  expect(findAll(files, /(?:^|[^\w.])\/(?:work|farm|root|home|Users|tmp)\//m)).toEqual([])
})

test('HYGIENE: the lock file works with any registry', () => {
  const lock = files.filter(({ path }) => path === 'package-lock.json')
  expect(lock).toHaveLength(1)
  expect(findAll(lock, /"resolved"/)).toEqual([])
})

// npm leaves out what its registry did not have when the lock was written, and then `npm ci` fails for good.
test('HYGIENE: the lock file holds the optional packages of every platform', () => {
  const { packages } = JSON.parse(files.find(({ path }) => path === 'package-lock.json')?.text ?? '') as Lock
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in packages || `node_modules/${name}` in packages),
    ),
  )
  expect(missing).toEqual([])
})

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>
}
