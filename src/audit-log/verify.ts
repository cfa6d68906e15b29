import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import type { AuditLogReport, VerifyOptions } from '../types/audit-log.ts'
import { ChainCheck } from './chain-check.ts'
import { Faults } from './faults.ts'
import { codeOf } from './log-file.ts'
import { findChains } from './log-tree.ts'
import { readVerifyOptions } from './options.ts'
import { readLines } from './read-lines.ts'
import { textForTerminals } from './record-text.ts'
import { Witness } from './witness.ts'

/**
 * Reads the log of a directory and names what is wrong with it. `keys`: the public keys of the time that the log covers, as
 * JWKs or a JWK Set. Without `latest` it cannot know whether lines at the end, or whole chains, were removed. It does not
 * show what a process with the private key has changed in lines that no witness has a note of. Lines behind the last
 * checkpoint of a chain are not signed. Memory is bounded by one line of each file. Rejects with an `OptionsError` for wrong
 * options, and with an `Error` where the directory cannot be read.
 */
export async function verifyAuditLog(
  directory: string,
  keys: readonly JWK[] | { readonly keys: readonly JWK[] },
  options?: VerifyOptions,
): Promise<AuditLogReport> {
  const settings = readVerifyOptions(directory, keys, options)
  const faults = new Faults()
  const witness = new Witness(settings.latest, settings.keys, faults)
  const unfinished: string[] = []
  const total = { events: 0, checkpoints: 0 }
  const chains = await findChains(settings.directory, faults)
  let isWitnessed = chains.length > 0
  for (const files of chains) {
    const check = new ChainCheck({ keys: settings.keys, faults, witness })
    for (const file of files) {
      const left = await checkFile(settings.directory, file, check, faults)
      if (left === 'whole') continue
      check.breakOff()
      if (left === 'unfinished') unfinished.push(textForTerminals(file))
    }
    total.events += check.events
    total.checkpoints += check.checkpoints
    isWitnessed &&= check.end !== undefined && witness.has(check.end)
  }
  witness.reportMissing(faults)
  return { ...total, faults: faults.list, tail: isWitnessed ? 'witnessed' : 'unwitnessed', unfinished }
}

async function checkFile(
  directory: string,
  file: string,
  check: ChainCheck,
  faults: Faults,
): Promise<'whole' | 'unfinished' | 'unread'> {
  let handle: FileHandle | undefined
  try {
    // A link or a pipe may have taken the place of the file since it was listed.
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
    handle = await open(join(directory, file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    if (!(await handle.stat()).isFile()) throw Object.assign(new Error('no file'), { code: 'no file' })
    check.beginFile(file)
    let lines = 0
    const rest = await readLines(handle, (octets, hash) => {
      lines++
      check.takeLine(octets, hash)
    })
    return rest > 0 || lines === 0 ? 'unfinished' : 'whole'
  } catch (error) {
    faults.add(file, 1, `the file cannot be read (${codeOf(error)})`)
    return 'unread'
  } finally {
    await handle?.close()
  }
}
