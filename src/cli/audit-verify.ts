import { parseArgs } from 'node:util'
import type { JWK } from 'jose'
import { verifyAuditLog } from '../audit-log/verify.ts'
import { isJsonObject } from '../jose/strict-json.ts'
import type { AuditLogReport, Note } from '../types/audit-log.ts'
import { type Command, MisuseError } from './command.ts'
import { readGivenJson } from './given-text.ts'
import { foreign, jsonText, styled, type Terminal } from './terminal.ts'

/** All notes of one process and day are about 35 MiB. */
const mostNotesMebibytes = 256

export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'Says whether an audit log is as it was signed, and where it is not.',
  help: `DIR --key FILE [--latest FILE] [--json]

  DIR            the folder of the log
  --key FILE     the public key, such as audit.pub: a JWK, a list of them, or a JWK Set
  --latest FILE  a JSON list of notes that onCheckpoint gave, kept elsewhere. Without it an end that
                 was removed, or added behind the last checkpoint, is not found
  --json         for machines

Ends with 1 where a line was changed, added or removed, or nothing is signed.`,
  async run(args, { terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { key: { type: 'string' }, latest: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true,
    })
    const [directory, ...more] = positionals
    if (directory === undefined || more.length > 0) throw new MisuseError('audit verify takes one folder.')
    if (values.key === undefined) throw new MisuseError('audit verify needs --key FILE.')
    const keys = readPublicKeys(values.key)
    const latest =
      values.latest === undefined ? undefined : readGivenJson(values.latest, '--latest', mostNotesMebibytes)
    if (latest !== undefined && !Array.isArray(latest))
      throw new MisuseError('--latest must hold a JSON list of notes.')
    const found = await verifyAuditLog(directory, keys, { latest: latest as Note[] | undefined })
    const isGood = found.faults.length === 0 && found.checkpoints > 0
    if (values.json) terminal.print(jsonText({ good: isGood, ...found }))
    else printAuditLog(found, terminal)
    return isGood ? 0 : 1
  },
}

/** What is no key is named by verifyAuditLog. A private key does not belong where a log is verified. */
function readPublicKeys(path: string): readonly JWK[] {
  const value = readGivenJson(path, '--key')
  const list = isJsonObject(value) && Array.isArray(value['keys']) ? value['keys'] : [value].flat()
  if (list.some((key) => isJsonObject(key) && Object.hasOwn(key, 'd'))) {
    throw new MisuseError('--key holds a private key. Give the public one, whose file ends in .pub.')
  }
  return list as JWK[]
}

function printAuditLog({ events, checkpoints, faults, tail, unfinished }: AuditLogReport, terminal: Terminal): void {
  const { print } = terminal
  print(`${events} events, ${checkpoints} good checkpoints`)
  for (const { file, line, what } of faults) {
    print(`${styled(terminal, 'red', 'fault  ')} ${foreign(file)}:${line}: ${foreign(what)}`)
  }
  for (const file of unfinished) {
    print(`${styled(terminal, 'yellow', 'hint   ')} ${foreign(file)} ends in half a line, as after a crash`)
  }
  if (checkpoints === 0) print(`${styled(terminal, 'red', 'problem')} Nothing in this folder is signed with this key.`)
  if (tail === 'unwitnessed') {
    const text = 'No note names the end of every chain: lines that were removed from an end, or added behind its last'
    print(`${styled(terminal, 'yellow', 'hint   ')} ${text} checkpoint, would not be found.`)
  }
  if (faults.length === 0 && checkpoints > 0) {
    print(`${styled(terminal, 'green', 'good   ')} The log is as it was signed.`)
  }
}
