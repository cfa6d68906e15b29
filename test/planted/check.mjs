// Mutation by hand: each patch here removes one required check from the sources, and the tests of that row must notice.
// Usage: node test/planted/check.mjs [ROW …]
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../..')
const left = new Set(['node_modules', 'dist', 'dist-examples', 'coverage', '.git', '.stryker'])

const wanted = process.argv.slice(2).map((name) => basename(name, '.patch'))
const present = readdirSync(here)
  .filter((name) => name.endsWith('.patch'))
  .map((name) => basename(name, '.patch'))
  .sort()
const rows = wanted.length === 0 ? present : wanted
const copy = mkdtempSync(join(tmpdir(), 'planted-'))

process.exitCode = 1
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

copyRepository()
const files = filesByRow()
const control = runTests([...new Set(rows.flatMap((row) => files.get(row) ?? []))], rows)
const verdicts = rows.map((row) => {
  const verdict = judge(row)
  console.log(`${verdict.startsWith('caught') ? 'ok  ' : 'FAIL'} ${row}: ${verdict}`)
  return verdict
})
const caught = verdicts.filter((verdict) => verdict.startsWith('caught')).length
console.log(`planted: ${caught} of ${rows.length} patches caught by the tests of their row`)
process.exitCode = caught === rows.length && rows.length > 0 ? 0 : 1

function copyRepository() {
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(relative(root, path).split(sep)[0]) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
}

/** Test files that hold a title of the row. */
function filesByRow() {
  const found = new Map()
  for (const path of readdirSync(join(copy, 'test'), { recursive: true })) {
    if (!path.endsWith('.test.ts')) continue
    const text = readFileSync(join(copy, 'test', path), 'utf8')
    for (const row of new Set([...text.matchAll(/['"`]([A-Z]+-\d\d): /g)].map((match) => match[1]))) {
      found.set(row, [...(found.get(row) ?? []), join('test', path)])
    }
  }
  return found
}

function judge(row) {
  if (!present.includes(row)) return 'there is no such patch'
  const own = files.get(row)
  if (own === undefined) return 'no test has a title of this row'
  const before = testsOf(control, row)
  if (before.length === 0) return `no test ran without the patch ${control.trouble}`
  const broken = before.filter((test) => test.status !== 'passed')
  if (broken.length > 0) return `fails without the patch: ${broken[0].fullName}`
  const trouble = apply(row)
  if (trouble !== '') return `the patch does not apply: ${trouble}`
  const after = runTests(own, [row])
  const undone = apply(row, '--reverse')
  if (undone !== '') throw new Error(`${row} cannot be reversed: ${undone}`)
  const failed = testsOf(after, row).filter((test) => test.status === 'failed').length
  if (testsOf(after, row).length < before.length) return `the patched sources do not load ${after.trouble}`
  return failed > 0 ? `caught by ${failed} of ${before.length} tests` : 'survived: its tests pass with the patch'
}

function apply(row, ...more) {
  const args = ['apply', '--recount', '-C1', '--whitespace=nowarn', ...more, join(here, `${row}.patch`)]
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy) }
  const done = spawnSync('git', args, { cwd: copy, env, encoding: 'utf8' })
  return done.status === 0 ? '' : (done.stderr ?? String(done.error)).trim() || 'git failed'
}

function testsOf({ tests }, row) {
  return tests.filter(({ fullName }) => titleOf([row]).test(fullName))
}

function titleOf(names) {
  return new RegExp(`(?:^|\\s)(?:${names.join('|')}): `)
}

function runTests(paths, names) {
  if (paths.length === 0) return { tests: [], trouble: '' }
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...paths, '-t', titleOf(names).source]
  const env = { VECTORS_DIR: resolve(root, '../shared/vectors'), ...process.env, NO_COLOR: '1' }
  const done = spawnSync(process.execPath, [...args, '--reporter=json', `--outputFile=${report}`], {
    cwd: copy,
    env,
    encoding: 'utf8',
    timeout: 300_000,
  })
  return readReport(report, done)
}

function readReport(report, done) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const trouble = testResults
      .map(({ message }) => message)
      .filter(Boolean)
      .join(' ')
    return { tests: tests.filter(({ status }) => status === 'passed' || status === 'failed'), trouble }
  } catch {
    return { tests: [], trouble: `(vitest: ${(done.stderr || String(done.error)).slice(-400)})` }
  }
}
