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
  #tests = {}
  #files = {}
  #kept = new Set()
  #toDo = new Set()
  #done = 0
  #survived = 0
  #writtenAt = Date.now()

  onDryRunCompleted({ result }) {
    for (const { id, name, fileName } of result.tests) {
      const path = relative(root, fileName)
      this.#tests[path] ??= { source: readFileSync(join(root, path), 'utf8'), tests: [] }
      this.#tests[path].tests.push({ id, name })
    }
  }

  onMutationTestingPlanReady({ mutantPlans }) {
    this.#toDo = new Set(mutantPlans.filter(({ plan }) => plan === 'Run').map(({ mutant }) => mutant.id))
    const all = Object.values(this.#tests).flatMap(({ tests }) => tests)
    console.log(`${mutantPlans.length} mutants, ${this.#toDo.size} to be tested, with ${all.length} tests`)
    process.on('exit', () => this.#write())
  }

  onMutantTested({ fileName, ...mutant }) {
    const path = relative(root, fileName)
    this.#files[path] ??= { language: 'typescript', source: readFileSync(fileName, 'utf8'), mutants: [] }
    this.#files[path].mutants.push(mutant)
    for (const id of [...(mutant.killedBy ?? []), ...(mutant.coveredBy ?? [])]) this.#keepTest(id)
    if (!this.#toDo.has(mutant.id)) return
    this.#done += 1
    if (mutant.status === 'Survived') this.#survived += 1
    if (Date.now() - this.#writtenAt < 30_000) return
    this.#write()
    console.log(`${this.#done} of ${this.#toDo.size} tested, ${this.#survived} survived`)
  }

  /** Tests that this run left out are named by Stryker as `file@line:column`, a newline and the title. */
  #keepTest(id) {
    const [, path, name] = /^(.+)@\d+:\d+\n(.*)$/s.exec(id) ?? []
    if (path === undefined || this.#kept.has(id) || !existsSync(join(root, path))) return
    this.#kept.add(id)
    this.#tests[path] ??= { source: readFileSync(join(root, path), 'utf8'), tests: [] }
    this.#tests[path].tests.push({ id, name })
  }

  #write() {
    if (this.#done === 0) return
    const thresholds = { high: 80, low: 60, break: null }
    const report = { schemaVersion: '1.0', thresholds, files: this.#files, testFiles: this.#tests }
    mkdirSync(dirname(join(root, results)), { recursive: true })
    writeFileSync(join(root, `${results}.new`), JSON.stringify(report))
    renameSync(join(root, `${results}.new`), join(root, results))
    this.#writtenAt = Date.now()
  }

  /** From here on Stryker's own file counts. */
  onMutationTestReportReady() {
    this.#done = 0
  }
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'messages',
    value: { shouldIgnore: (path) => (isMessage(path) ? 'a text for people' : undefined) },
  },
  { kind: 'Reporter', name: 'checkpoint', injectableClass: Checkpoint },
]
