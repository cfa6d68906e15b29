import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import type { AuditEvent } from 'onbehalf'
import { type AuditLog, type AuditLogOptions, auditLog, type Note } from 'onbehalf/audit-log'

export interface LogKey {
  readonly privateKey: KeyObject
  readonly publicJwk: JWK
}

export function createLogKey(): LogKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicJwk: publicKey.export({ format: 'jwk' }) }
}

export const logKey: LogKey = createLogKey()
export const origin = 'payments.example.com'

/** A folder that is gone with the process. */
export function createLogFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'onbehalf-log-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Files below, by their paths with `/`, in their order. */
export function filesIn(directory: string): readonly string[] {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true })
  const paths = entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
  const order = (path: string) => Number(/-(\d+)\.jsonl$/.exec(path)?.[1])
  return paths
    .map((path) => path.slice(directory.length + 1).replaceAll('\\', '/'))
    .sort((a, b) => (a.replace(/\d+\.jsonl$/, '') < b.replace(/\d+\.jsonl$/, '') ? -1 : order(a) - order(b)))
}

/** Of a file, without the empty one behind the last line feed. */
export function linesOf(directory: string, file: string): string[] {
  return readFileSync(join(directory, file), 'utf8').split('\n').slice(0, -1)
}

export function writeLines(directory: string, file: string, lines: readonly string[]): void {
  writeFileSync(join(directory, file), lines.map((line) => `${line}\n`).join(''))
}

export function recordsIn(directory: string): readonly Record<string, unknown>[] {
  return filesIn(directory).flatMap((file) => linesOf(directory, file).map((line) => JSON.parse(line)))
}

/** An event with these members; the others are of no concern. */
export function logEvent(id: number | string, members: Partial<AuditEvent> = {}): AuditEvent {
  const event: Partial<AuditEvent> = { version: 1, id: `${id}`, phase: 'access', decision: 'admitted', ...members }
  return event as AuditEvent
}

export interface OpenedLog {
  readonly directory: string
  readonly log: AuditLog
  readonly notes: readonly Note[]
}

export async function openLog(options: Partial<AuditLogOptions> = {}): Promise<OpenedLog> {
  const directory = options.directory ?? createLogFolder()
  const notes: Note[] = []
  const onCheckpoint = (note: Note) => void notes.push(note)
  const log = await auditLog({ directory, origin, key: logKey.privateKey, onCheckpoint, ...options })
  return { directory, log, notes }
}

/** A closed log of so many events. */
export async function writtenLog(events: number, options: Partial<AuditLogOptions> = {}): Promise<OpenedLog> {
  const opened = await openLog(options)
  for (let id = 1; id <= events; id++) opened.log.write(logEvent(id))
  await opened.log.close()
  return opened
}
