import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Faults } from './faults.ts'
import { isTenantName, readFileName } from './file-name.ts'
import { codeOf } from './log-file.ts'

/** The files of one chain in their order, by their paths from the directory. */
export type ChainFiles = readonly string[]

/** Finds the chains of a log. Links are not followed; files that do not end in `.jsonl` do not count. */
export async function findChains(directory: string, faults: Faults): Promise<readonly ChainFiles[]> {
  const chains = new Map<string, { readonly path: string; readonly n: number }[]>()

  function addFile(path: string): void {
    const name = readFileName(path)
    if (name === undefined) {
      faults.add(path, 1, 'the file does not have the name of a file of an audit log')
    } else {
      const files = chains.get(name.chain) ?? []
      files.push({ path, n: name.n })
      chains.set(name.chain, files)
    }
  }

  async function addFolder(folder: string): Promise<void> {
    const entries = await readdir(join(directory, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}${entry.name}`
      const kind = await kindOf(entry, join(directory, path))
      const isNamed = entry.name.endsWith('.jsonl')
      if (kind === 'link') faults.add(path, 1, 'it is a symbolic link, which is not followed')
      else if (isNamed && kind === 'file') addFile(path)
      else if (isNamed) faults.add(path, 1, 'it is no file')
      else if (kind === 'folder' && folder === '' && isTenantName(entry.name)) await addTenant(`${entry.name}/`)
    }
  }

  async function addTenant(folder: string): Promise<void> {
    try {
      await addFolder(folder)
    } catch (error) {
      faults.add(folder, 1, `the folder cannot be read (${codeOf(error)})`)
    }
  }

  try {
    await addFolder('')
  } catch (error) {
    throw new Error(`verifyAuditLog: the directory cannot be read (${codeOf(error)})`)
  }
  return [...chains.values()].map((files) => files.sort((a, b) => a.n - b.n).map(({ path }) => path))
}

/** Not every file system says in its listing what an entry is. */
async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'link' | 'other'> {
  const isKnown = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()
  const about = isKnown ? entry : await lstat(path)
  if (about.isSymbolicLink()) return 'link'
  if (about.isDirectory()) return 'folder'
  return about.isFile() ? 'file' : 'other'
}
