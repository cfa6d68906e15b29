import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { results, root } from './settings.mjs'

/** Texts for people: tests assert codes and behaviour, never wording. */
const wordy = new Set(['Error', 'TypeError', 'OptionsError'])
const wordyMembers = new Set(['cause', 'hint', 'message'])
const wordyFunctions = new Set(['fail', 'problem', 'warnOfRule', 'emitWarning'])

function isMessage(path) {
  const { node, parent } = path
  if (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral') return false
  if (parent.type === 'ObjectProperty') return parent.value === node && wordyMembers.has(parent.key.name)
  if (parent.type === 'NewExpression') return wordy.has(parent.callee.name)
  if (parent.type !== 'CallExpression' || !parent.arguments.includes(node)) return false
  const { callee } = parent
  return wordyFunctions.has(callee.type === 'MemberExpression' ? callee.property.name : callee.name)
}

/** Keeps what is known so far, so that a run can be broken off at any time. Stryker itself writes only at the end. */
class Checkpoint {
  #before = readKnown()
  #files = {}
  #tests = new Map()
  #toDo = new Set()
  #done = 0
  #survived = 0
  #writtenAt = Date.now()

  onDryRunCompleted({ result }) {
    for (const { name, fileName } of result.tests) this.#keepTest(relative(root, fileName), name)
  }

  onMutationTestingPlanReady({ mutantPlans }) {
    this.#toDo = new Set(mutantPlans.filter(({ plan }) => plan === 'Run').map(({ mutant }) => mutant.id))
    console.log(`${mutantPlans.length} mutants, ${this.#toDo.size} to be tested, with ${this.#tests.size} tests`)
    process.on('exit', () => this.#write())
  }

  onMutantTested({ fileName, killedBy = [], coveredBy = [], ...mutant }) {
    const path = relative(root, fileName)
    this.#files[path] ??= { language: 'typescript', source: readFileSync(fileName, 'utf8'), mutants: [] }
    const ids = {
      killedBy: killedBy.map((id) => this.#nameTest(id)),
      coveredBy: coveredBy.map((id) => this.#nameTest(id)),
    }
    this.#files[path].mutants.push({ ...mutant, ...ids })
    if (!this.#toDo.has(mutant.id)) return
    this.#done += 1
    if (mutant.status === 'Survived') this.#survived += 1
    if (Date.now() - this.#writtenAt < 30_000) return
    this.#write()
    console.log(`${this.#done} of ${this.#toDo.size} tested, ${this.#survived} survived`)
  }

  /** From here on Stryker's own file counts. */
  onMutationTestReportReady() {
    this.#done = 0
  }

  /** Stryker names tests that this run left out as `file@line:column`, a newline and the title. */
  #nameTest(id) {
    const [, path, name] = /^(.+?)@\d+:\d+\n(.*)$/s.exec(id) ?? []
    return path === undefined ? id : this.#keepTest(path, name)
  }

  #keepTest(path, name) {
    const id = idOf(path, name)
    this.#tests.set(id, { path, name })
    return id
  }

  #write() {
    if (this.#done === 0) return
    const files = withOlder(this.#files, this.#before.files)
    const testFiles = {}
    for (const [id, { path, name }] of new Map([...this.#before.tests, ...this.#tests])) {
      if (!existsSync(join(root, path))) continue
      testFiles[path] ??= { source: readFileSync(join(root, path), 'utf8'), tests: [] }
      testFiles[path].tests.push({ id, name })
    }
    const thresholds = { high: 80, low: 60, break: null }
    mkdirSync(dirname(join(root, results)), { recursive: true })
    const report = { schemaVersion: '1.0', thresholds, files, testFiles }
    writeFileSync(join(root, `${results}.new`), JSON.stringify(report))
    renameSync(join(root, `${results}.new`), join(root, results))
    this.#writtenAt = Date.now()
  }
}

function idOf(path, name) {
  return `${path}#${name}`
}

/** The results of earlier runs, every test under the name that this run gives it. */
function readKnown() {
  if (!existsSync(join(root, results))) return { files: {}, tests: new Map() }
  const { files, testFiles } = JSON.parse(readFileSync(join(root, results), 'utf8'))
  const names = new Map()
  const tests = new Map()
  for (const [path, { tests: own }] of Object.entries(testFiles)) {
    for (const { id, name } of own) {
      names.set(id, idOf(path, name))
      tests.set(idOf(path, name), { path, name })
    }
  }
  const rename = (ids = []) => ids.map((id) => names.get(id) ?? id)
  for (const { mutants } of Object.values(files)) {
    for (const mutant of mutants) {
      mutant.killedBy = rename(mutant.killedBy)
      mutant.coveredBy = rename(mutant.coveredBy)
    }
  }
  return { files, tests }
}

/** Older results stand until a mutant is tested again; those of a file that has changed meanwhile go. */
function withOlder(files, older) {
  const merged = { ...older }
  for (const [path, { language, source, mutants }] of Object.entries(files)) {
    const placeOf = ({ location, replacement }) => JSON.stringify([location, replacement])
    const tested = new Set(mutants.map(placeOf))
    const left =
      older[path]?.source === source ? older[path].mutants.filter((mutant) => !tested.has(placeOf(mutant))) : []
    merged[path] = { language, source, mutants: [...mutants, ...left] }
  }
  return merged
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'messages',
    value: { shouldIgnore: (path) => (isMessage(path) ? 'a text for people' : undefined) },
  },
  { kind: 'Reporter', name: 'checkpoint', injectableClass: Checkpoint },
]
