import { execFileSync } from 'node:child_process'
import { folders } from './settings.mjs'

/** The lines of the mutated folders that differ from `base`, also uncommitted ones, as `FILE:FIRST-LAST`. */
export function changedPlaces(base = defaultBase()) {
  const paths = folders.map((folder) => `src/${folder}`)
  const shown = git('diff', '--unified=0', '--no-renames', '--no-color', '--no-ext-diff', base, '--', ...paths)
  return placesIn(shown.split('\n'))
}

/** The hunks of a unified diff without context. A hunk that only takes lines away leaves no line to change. */
export function placesIn(lines) {
  const places = []
  let file = ''
  for (const line of lines) {
    if (line.startsWith('+++ ')) file = line.slice('+++ b/'.length)
    const [, from, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []
    if (from === undefined || count === '0' || !file.endsWith('.ts')) continue
    places.push(`${file}:${from}-${Number(from) + Number(count) - 1}`)
  }
  return places
}

/** Where the branch left `origin/main`; without such a branch, or on it, the commit before. */
function defaultBase() {
  const fork = tryGit('merge-base', 'HEAD', 'origin/main')
  if (fork !== undefined && fork !== tryGit('rev-parse', 'HEAD')) return fork
  return tryGit('rev-parse', '--verify', 'HEAD~1') ?? 'HEAD'
}

function tryGit(...words) {
  try {
    return git(...words)
  } catch {
    return undefined
  }
}

function git(...words) {
  return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
