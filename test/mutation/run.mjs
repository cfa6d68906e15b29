/**
 * Mutation testing: changes one place of the sources after the other, and the tests must notice each change.
 *
 *     node test/mutation/run.mjs sender                    a folder of src, or several
 *     node test/mutation/run.mjs src/sender/proof.ts       a file
 *     node test/mutation/run.mjs --changed [BASE]          the files changed since BASE
 *     node test/mutation/run.mjs --own sender              only the tests of the folder: quicker, and fewer mutants die
 *
 * Ends with 1 where a mutant survives that `survivors.json` does not list. Results are kept, so that a run that was broken
 * off goes on and later runs test only what has changed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import { changedFiles } from './changed.mjs'
import { filesIn, folders, optionsFor, root, rounds } from './settings.mjs'
import { judge, printVerdict } from './verdict.mjs'

const given = process.argv.slice(2)
const names = given.filter((word) => !word.startsWith('--'))
const roundNames = given.includes('--own') ? ['own'] : ['own', 'all']

process.chdir(root)
process.env['ONBEHALF_MUTATION'] = 'on'
const files = given.includes('--changed') ? changedFiles(names[0]) : names.flatMap(filesNamed)
if (files.length === 0) {
  console.log(given.includes('--changed') ? 'No file that mutation testing covers has changed.' : usage())
  process.exit(given.includes('--changed') ? 0 : 1)
}

const mutants = []
for (const folder of folders) {
  const own = files.filter((file) => file.startsWith(`src/${folder}/`))
  if (own.length === 0) continue
  let found = []
  for (const round of roundNames) {
    console.log(`src/${folder}, ${own.length} files, tests: ${round}`)
    process.env['ONBEHALF_MUTATION_TESTS'] = JSON.stringify(rounds[round](folder))
    process.env['ONBEHALF_MUTATION_FIRST'] = `test/unit/${folder}/`
    found = await new Stryker(optionsFor(own)).runMutationTest()
  }
  mutants.push(...found.filter(({ fileName }) => own.some((file) => join(root, file) === fileName)))
}
process.exitCode = printVerdict(judge(mutants, files)) ? 0 : 1

function filesNamed(name) {
  if (folders.includes(name)) return filesIn(name)
  const file = name.replace(/^\.\//, '')
  return folders.some((folder) => file.startsWith(`src/${folder}/`)) && existsSync(file) ? [file] : []
}

function usage() {
  return `Name folders (${folders.join(', ')}), files in them, or --changed.`
}
