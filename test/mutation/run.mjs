/**
 * Mutation testing: changes one place of the sources after the other, and the tests must notice each change.
 *
 *     node test/mutation/run.mjs sender                    a folder of src, or several
 *     node test/mutation/run.mjs src/sender/proof.ts       a file; with `:40-60` behind it, these lines
 *     node test/mutation/run.mjs --changed [BASE]          the lines changed since BASE
 *     node test/mutation/run.mjs --own sender              only the tests of the folder: quicker, and fewer mutants die
 *
 * Ends with 1 where a mutant survives that `survivors.json` does not list. Results are kept, so that a run that was broken
 * off goes on and later runs test only what has changed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import { changedPlaces } from './changed.mjs'
import { filesIn, folders, optionsFor, remembering, root, runsPerThread, tests } from './settings.mjs'
import { judge, printVerdict } from './verdict.mjs'

const given = process.argv.slice(2)
const names = given.filter((word) => !word.startsWith('--'))
const onlyOwnTests = given.includes('--own')

process.chdir(root)
const places = given.includes('--changed') ? changedPlaces(names[0]) : names.flatMap(placesNamed)
const files = [...new Set(places.map(fileOf))]
if (files.length === 0) {
  console.log(given.includes('--changed') ? 'No line that mutation testing covers has changed.' : usage())
  process.exit(given.includes('--changed') ? 0 : 1)
}

const mutants = []
for (const folder of folders) {
  const own = places.filter((place) => place.startsWith(`src/${folder}/`))
  if (own.length > 0) mutants.push(...(await testFolder(folder, own)))
}
process.exitCode = printVerdict(judge(mutants, files)) ? 0 : 1

async function testFolder(folder, own) {
  const first = await testMutants(folder, own, 'own')
  const { unlisted } = judge(first, own.map(fileOf))
  if (onlyOwnTests || unlisted.length === 0) return first
  const left = [...new Set(unlisted.map(({ file, rows }) => `${file}:${rows.join('-')}`))]
  return newest([...first, ...(await testMutants(folder, left, 'all'))])
}

/** Answers with all that is known of the files, also from earlier rounds and runs. */
async function testMutants(folder, asked, round) {
  console.log(`src/${folder}: ${asked.length} places, tests: ${round}`)
  process.env['ONBEHALF_MUTATION_TESTS'] = JSON.stringify(tests[round](folder))
  process.env['ONBEHALF_MUTATION_FIRST'] = `/test/unit/${folder}/`
  const needsNewThreads = (place) => remembering.includes(fileOf(place))
  const forgetful = await runStryker(
    asked.filter((place) => !needsNewThreads(place)),
    runsPerThread,
  )
  const others = await runStryker(asked.filter(needsNewThreads), 1)
  const covered = new Set(asked.map((place) => join(root, fileOf(place))))
  return newest([...forgetful, ...others]).filter(({ fileName }) => covered.has(fileName))
}

/** Of what is known of a mutant, the last. */
function newest(mutants) {
  const nameOf = ({ fileName, location, replacement }) => JSON.stringify([fileName, location, replacement])
  return [...new Map(mutants.map((mutant) => [nameOf(mutant), mutant])).values()]
}

async function runStryker(asked, runs) {
  if (asked.length === 0) return []
  process.env['ONBEHALF_MUTATION_RUNS'] = String(runs)
  return new Stryker(optionsFor(asked)).runMutationTest()
}

function placesNamed(name) {
  if (folders.includes(name)) return filesIn(name)
  const isKnown = folders.some((folder) => name.startsWith(`src/${folder}/`)) && existsSync(fileOf(name))
  return isKnown ? [name] : []
}

function fileOf(place) {
  return place.replace(/:[\d:-]+$/, '')
}

function usage() {
  return `Name folders (${folders.join(', ')}), files in them, or --changed.`
}
