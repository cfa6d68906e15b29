import { execFileSync } from 'node:child_process'
import { dirname, posix } from 'node:path'
import { expect, test } from 'vitest'
import { readDocument } from '../package/documents.ts'
import { root } from './tree.ts'

/** What npm would pack, without building it. */
const packed: readonly string[] = packedFiles()
const texts = packed.filter((path) => path.endsWith('.md'))

test.each(texts)('DOCS: every relative link of %s leads to a packed file, and to a heading of it', (path) => {
  expect(linksOf(path).filter((link) => !leadsSomewhere(path, link))).toEqual([])
})

test('DOCS: the documents that link to each other are packed', () => {
  const expected = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/options.md', 'bench/README.md']
  expect(texts).toEqual(expect.arrayContaining(expected))
  expect(linksOf('README.md').length).toBeGreaterThan(15)
})

test('DOCS: no link is absolute, except to the forms of the changelog', () => {
  const absolute = texts.flatMap((path) => [...readDocument(path).matchAll(/\]\((https?:[^)]+)\)/g)].map(() => path))
  expect([...new Set(absolute)]).toEqual(['CHANGELOG.md'])
})

function packedFiles(): readonly string[] {
  const report = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'], { cwd: root })
  const [{ files }] = JSON.parse(report.toString()) as readonly [{ files: readonly { path: string }[] }]
  return files.map(({ path }) => path)
}

function linksOf(path: string): readonly string[] {
  const prose = readDocument(path).replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target)
}

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? from : posix.normalize(posix.join(dirname(from), file))
  if (!packed.includes(target)) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** As the usual renderers make them. */
function anchorsOf(path: string): readonly string[] {
  return [...readDocument(path).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}
