import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface TextFile {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

/** Every file below a folder that the repository or the tarball is made of. */
export function readTree(folder: string = root): readonly TextFile[] {
  const left = /^(?:node_modules|dist|dist-\w+|coverage|\.git|\.stryker)$/
  const walk = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
      // In a worktree `.git` is a file.
      if (folder === root && left.test(entry.name)) return []
      if (entry.isDirectory()) return walk(join(at, entry.name))
      return entry.isFile() ? [join(at, entry.name)] : []
    })
  return walk(folder).map((file) => ({
    path: relative(folder, file).split(sep).join('/'),
    text: readFileSync(file, 'utf8'),
  }))
}

/** `path:line` of every match. */
export function findAll(files: readonly TextFile[], pattern: RegExp): readonly string[] {
  const everywhere = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`)
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(everywhere)].map(({ index }) => `${path}:${text.slice(0, index).split('\n').length}`),
  )
}

/** A PEM block of a private key, with its data; the header alone is a test's expectation. */
const privatePem = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\s|\\[nr])*[A-Za-z0-9+/=]{16}/
/** The private member of an EC, OKP or RSA key, with a value as long as a key's. */
const privateMember = /["']?\bd["']?\s*:\s*["'`][A-Za-z0-9_-]{40,}["'`]/

export function findPrivateKeys(files: readonly TextFile[]): readonly string[] {
  return [...findAll(files, privatePem), ...findAll(files, privateMember)]
}
