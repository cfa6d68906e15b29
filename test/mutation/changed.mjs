import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { folders } from './settings.mjs'

/** Files of the mutated folders that differ from `base`, also uncommitted ones. */
export function changedFiles(base = defaultBase()) {
  const named = git('diff', '--name-only', '--diff-filter=d', base, '--', ...folders.map((folder) => `src/${folder}`))
  return named.split('\n').filter((file) => file.endsWith('.ts') && existsSync(file))
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
