// The steps of the pipeline are guarded by the type checker: each step is taken out in turn, and each two neighbours are
// swapped, in a copy of the sources. Every such copy must fail to compile.
// Usage: node test/planted/steps.mjs
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const copy = mkdtempSync(join(tmpdir(), 'steps-'))
process.exitCode = 1
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

for (const name of ['src', 'adapters', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
  cpSync(join(root, name), join(copy, name), { recursive: true })
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')

if (!compiles()) throw new Error('the sources do not compile as they are')
let planted = 0
let caught = 0
for (const [file, name] of [
  ['src/verifier.ts', 'decide'],
  ['src/sender/sender.ts', 'prove'],
]) {
  const source = readFileSync(join(root, file), 'utf8')
  const chain = readChain(source, name)
  judge(file, source, chain, 'written anew, unchanged', chain.steps, chain.last, true)
  for (const { result } of chain.steps) {
    judge(file, source, chain, `without ${chain.last}, ${result} in its place`, chain.steps, result, false)
  }
  chain.steps.forEach((_, at) => {
    for (const instead of namesBefore(chain, at)) {
      const { steps, last } = without(chain, at, instead)
      judge(file, source, chain, `without ${chain.steps[at].call}, ${instead} in its place`, steps, last, false)
    }
    if (at === 0) return
    const { steps, last } = swapped(chain, at)
    const title = `${chain.steps[at].call} before ${chain.steps[at - 1].call}`
    judge(file, source, chain, title, steps, last, false)
  })
}
console.log(`steps: ${caught} of ${planted} changes refused by the type checker`)
process.exitCode = caught === planted && planted > 20 ? 0 : 1

/** A chain of `next(call, (result) => …)`, from `return` to the end of the function. */
function readChain(source, name) {
  const start = source.indexOf('return next(', source.indexOf(`function ${name}(`))
  const end = source.indexOf('\n  }\n', start)
  const steps = []
  let rest = source.slice(start + 'return '.length, end)
  for (;;) {
    const match = /^\s*next\(([\s\S]*?), \((\w+)\) =>\s*/.exec(rest)
    if (match === null) break
    steps.push({ call: match[1], result: match[2] })
    rest = rest.slice(match[0].length)
  }
  // What is left closes one bracket per step.
  const last = rest.replace(new RegExp(`(?:,?\\s*\\)){${steps.length}}\\s*$`), '').trim()
  if (steps.length < 4 || last === '') throw new Error(`no chain of steps in ${name}()`)
  return {
    start,
    end,
    steps,
    last,
    given: /\(([\s\S]*?)\):/.exec(source.slice(source.indexOf(`function ${name}(`)))[1],
  }
}

/** What could stand where the result of a step is missing: the results before it, else what the function was given. */
function namesBefore({ steps, given }, at) {
  if (at > 0) return steps.slice(0, at).map(({ result }) => result)
  return given.split(',').flatMap((parameter) => /^\s*(\w+):/.exec(parameter)?.[1] ?? [])
}

function without({ steps, last }, at, instead) {
  const rename = (text) => text.replace(new RegExp(`\\b${steps[at].result}\\b`, 'g'), instead)
  const later = steps.slice(at + 1).map(({ call, result }) => ({ call: rename(call), result }))
  return { steps: [...steps.slice(0, at), ...later], last: rename(last) }
}

/** The step at `at` goes before its neighbour; each takes what the other took. */
function swapped({ steps, last }, at) {
  const [first, second] = [steps[at - 1], steps[at]]
  const before = steps[at - 2]?.result
  const swap = (text, from, to) => (to === undefined ? text : text.replace(new RegExp(`\\b${from}\\b`, 'g'), to))
  const moved = { call: swap(second.call, first.result, before), result: second.result }
  const kept = { call: swap(first.call, before ?? first.result, second.result), result: first.result }
  const later = steps
    .slice(at + 1)
    .map(({ call, result }) => ({ call: swap(call, second.result, first.result), result }))
  return { steps: [...steps.slice(0, at - 1), moved, kept, ...later], last: swap(last, second.result, first.result) }
}

function judge(file, source, { start, end }, title, steps, last, isGood) {
  const text = `return ${steps.map(({ call, result }) => `next(${call}, (${result}) => `).join('')}${last}${')'.repeat(steps.length)}`
  writeFileSync(join(copy, file), source.slice(0, start) + text + source.slice(end))
  const isCompiled = compiles()
  writeFileSync(join(copy, file), source)
  if (isGood && !isCompiled) throw new Error(`${file}: the chain is not understood`)
  if (isGood) return
  planted++
  if (!isCompiled) caught++
  console.log(`${isCompiled ? 'FAIL' : 'ok  '} ${file}: ${title}`)
}

/** Unused imports, variables and parameters are no errors here: a step must be missed for what it gives. */
function compiles() {
  const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noEmit', '--noUnusedLocals', 'false']
  const done = spawnSync(process.execPath, [...args, '--noUnusedParameters', 'false'], { cwd: copy, encoding: 'utf8' })
  if (done.error !== undefined) throw done.error
  return done.status === 0
}
