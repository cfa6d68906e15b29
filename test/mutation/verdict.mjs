import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from './settings.mjs'

/**
 * `survivors.json`: by file, the lines whose mutants may live, and why. A mutant is known by the text of its line, what it
 * replaces and with what, so that it is found again when lines move. `equivalent`: no test can tell it from the original.
 */
const listed = JSON.parse(readFileSync(new URL('survivors.json', import.meta.url), 'utf8'))
const dead = new Set(['Killed', 'Timeout'])
const alive = new Set(['Survived', 'NoCoverage'])

export function judge(mutants, files) {
  const found = mutants.map((mutant) => ({ ...describe(mutant), status: mutant.status }))
  const killed = found.filter(({ status }) => dead.has(status))
  const survivors = found
    .filter(({ status }) => alive.has(status))
    .map((mutant) => ({ ...mutant, entry: entryFor(mutant) }))
  const lived = new Set(survivors.map(({ file, line, change }) => JSON.stringify([file, line, change])))
  const diedEach = ({ file, line, change }) => !lived.has(JSON.stringify([file, line, change]))
  return {
    folders: [...new Set(files.map((file) => file.split('/').slice(0, 2).join('/')))].map((folder) =>
      count(folder, killed, survivors, found),
    ),
    unlisted: survivors.filter(({ entry }) => entry === undefined),
    stale: killed.filter((mutant) => entryFor(mutant) !== undefined && diedEach(mutant)),
  }
}

function count(folder, killed, survivors, found) {
  const inFolder = ({ file }) => file.startsWith(`${folder}/`)
  const died = killed.filter(inFolder).length
  const lived = survivors.filter(inFolder)
  const equivalent = lived.filter(({ entry }) => entry?.equivalent === true).length
  const ignored = found.filter((mutant) => inFolder(mutant) && mutant.status === 'Ignored').length
  const broken = found.filter(inFolder).length - died - lived.length - ignored
  return { folder, died, lived: lived.length, equivalent, ignored, broken }
}

/** Prints the figures and answers whether every survivor is listed. */
export function printVerdict({ folders, unlisted, stale }) {
  for (const { file, rows, line, change, status } of unlisted) {
    console.log(`\n${status === 'NoCoverage' ? 'NO TEST ' : 'SURVIVED'} ${file}:${rows[0]}\n    ${line}\n    ${change}`)
  }
  for (const { file, line, change } of stale) console.log(`\nDIED, but is listed: ${file}\n    ${line}\n    ${change}`)
  console.log('')
  for (const { folder, died, lived, equivalent, ignored, broken } of folders) {
    const share = ((100 * died) / Math.max(1, died + lived - equivalent)).toFixed(1)
    const rest = `${lived - equivalent} survived, ${equivalent} equivalent, ${ignored} not tested, ${broken} did not run`
    console.log(`${folder}: ${share} % of the mutants not shown equivalent died (${died}; ${rest})`)
  }
  if (unlisted.length > 0) console.log(`${unlisted.length} survivors are not in test/mutation/survivors.json.`)
  return unlisted.length === 0
}

function entryFor({ file, line, change }) {
  return (listed[file] ?? []).find((entry) => entry.line === line && entry.mutants.includes(change))
}

function describe({ fileName, location, replacement }) {
  const lines = readFileSync(fileName, 'utf8').split('\n')
  const { start, end } = location
  const text = lines.slice(start.line - 1, end.line)
  text[text.length - 1] = (text.at(-1) ?? '').slice(0, end.column - 1)
  text[0] = (text[0] ?? '').slice(start.column - 1)
  return {
    file: relative(root, fileName),
    rows: [start.line, end.line],
    line: (lines[start.line - 1] ?? '').trim(),
    change: `${shorten(text.join(' '))} → ${shorten(replacement ?? '')}`,
  }
}

function shorten(text) {
  const plain = text.replace(/\s+/g, ' ').trim()
  return plain.length <= 90 ? plain : `${plain.slice(0, 60)} … ${plain.slice(-27)}`
}
