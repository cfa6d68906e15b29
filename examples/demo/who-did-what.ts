import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { AuditEvent } from 'onbehalf'
import { auditLog, type Note, verifyAuditLog } from 'onbehalf/audit-log'
import { agentReport } from 'onbehalf/report'

/**
 * Writes the events as an audit log, verifies it as an auditor would, and makes the report. The folder is a temporary one
 * unless it is named. Gives what is to be printed.
 */
export async function tellWhoDidWhat(events: readonly AuditEvent[], named: string | undefined): Promise<string> {
  const folder = named === undefined ? await mkdtemp(join(tmpdir(), 'onbehalf-demo-')) : resolveFolder(named)
  await mkdir(folder, { recursive: true })
  // Each run signs with a key of its own, so that each has a log of its own.
  const log = await mkdtemp(join(folder, 'log-'))
  const verified = await writeAndVerify(events, log)
  const report = agentReport({ clock: 'events' })
  for (const event of events) report.write(event)
  const page = join(folder, 'report.html')
  await writeFile(page, report.html(), { mode: 0o600 })
  return [
    verified,
    '',
    report.text().trimEnd(),
    '',
    `The report as a page: ${page}`,
    `The audit log: ${log}`,
    `Verify it again: node dist/src/cli/main.js audit verify ${log} --key ${join(log, 'audit.pub')}`,
  ].join('\n')
}

async function writeAndVerify(events: readonly AuditEvent[], directory: string): Promise<string> {
  // In production the private key stays with the process that writes, and notes go to another machine.
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const notes: Note[] = []
  const onCheckpoint = (note: Note) => void notes.push(note)
  const log = await auditLog({ directory, origin: 'demo.example', key: privateKey, onCheckpoint })
  for (const event of events) log.write(event)
  await log.close()

  const publicJwk = publicKey.export({ format: 'jwk' })
  await writeFile(join(directory, 'audit.pub'), JSON.stringify(publicJwk))
  const { faults, tail, ...counts } = await verifyAuditLog(directory, [publicJwk], { latest: notes })
  if (faults.length > 0 || tail !== 'witnessed' || counts.events !== events.length) {
    throw new Error(`the audit log is not as it was written: ${JSON.stringify({ faults, tail, ...counts })}`)
  }
  return `Audit log: ${counts.events} events, ${counts.checkpoints} signed checkpoints, nothing changed and nothing missing.`
}

/** npm runs scripts in the folder of the package. */
function resolveFolder(named: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', named)
}
