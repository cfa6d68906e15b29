import { hostname } from 'node:os'
import { join } from 'node:path'
import { isProven } from '../audit/queue.ts'
import { OwnError } from '../internal/no-answer.ts'
import { fixed } from '../options/defaults.ts'
import type { AuditRecord } from '../types/audit.ts'
import type { AuditLog, AuditLogOptions, TenantOptions } from '../types/audit-log.ts'
import { AwaitedRecord, ChainWriter, type Waiting } from './chain-writer.ts'
import { nameOpening, otherTenant } from './file-name.ts'
import { codeOf, createFolder, createLogFile, type OpenLogFile } from './log-file.ts'
import { type AuditLogSettings, readAuditLogOptions } from './options.ts'
import { createPseudonymizer } from './pseudonyms.ts'
import { textOfRecord } from './record-text.ts'

/**
 * An audit sink that writes hash-chained JSON lines, with checkpoints signed by Ed25519 (RFC 8032). Each process writes
 * files of its own and reads none. What a crash takes: the records of the last 50 ms, or more while the disk is slower than
 * the events; with `required: true` it takes none, because a request waits until its events are flushed. While the disk
 * fails, up to 16 MiB of records wait; further ones are lost, and a `dropped` record says how many. It does not prove
 * anything against the process that writes it. Rejects with an `OptionsError` for wrong options, and with an `Error` where
 * no file can be written.
 */
export async function auditLog(options: AuditLogOptions): Promise<AuditLog> {
  return openAuditLog(readAuditLogOptions(options), createLogFile)
}

export async function openAuditLog(settings: AuditLogSettings, openFile: OpenLogFile): Promise<AuditLog> {
  const { directory, tenants, pseudonymKey, clock } = settings
  const waiting: Waiting = { characters: 0 }
  const opening = nameOpening(hostname(), process.pid, clock.now())
  const folders = tenants === undefined ? [''] : [...tenants.names, otherTenant].map((name) => `${name}/`)
  const writers = folders.map((folder) => new ChainWriter(folder + opening, settings, waiting, openFile))
  const writerFor = chooseWriter(writers, tenants)
  const pseudonymize = pseudonymKey && createPseudonymizer(pseudonymKey)
  let records: (AuditRecord | AwaitedRecord<AuditRecord>)[] = []
  let isPlanned = false
  let isClosed = false
  let closing: Promise<void> | undefined

  function take(item: AuditRecord | AwaitedRecord<AuditRecord>): void {
    records.push(item)
    if (records.length >= fixed.auditLogRecords) {
      passOn()
    } else if (!isPlanned) {
      isPlanned = true
      setImmediate(passOn)
    }
  }

  /** Here, and not in the deciding call, records are made into text. */
  function passOn(): void {
    isPlanned = false
    const items = records
    records = []
    for (const item of items) {
      if (item instanceof AwaitedRecord) passOnAwaited(item)
      else passOnText(item)
    }
    for (const writer of writers) writer.schedule()
  }

  function passOnText(record: AuditRecord): void {
    const writer = writerFor(record)
    const text = lineOf(record)
    if (text === undefined) writer.lose()
    else writer.add(text)
  }

  function passOnAwaited({ record, resolve, reject }: AwaitedRecord<AuditRecord>): void {
    const writer = writerFor(record)
    const text = lineOf(record)
    if (text === undefined) {
      writer.lose()
      reject(new OwnError('the record cannot be written as JSON'))
    } else {
      writer.add(new AwaitedRecord(text, resolve, reject))
    }
  }

  function lineOf(record: AuditRecord): string | undefined {
    if (namesOfLines.some((name) => name in record)) return undefined
    try {
      const text = textOfRecord(pseudonymize === undefined || 'dropped' in record ? record : pseudonymize(record))
      return text !== '' && text.length <= fixed.auditLogLine ? text : undefined
    } catch {
      return undefined
    }
  }

  function refuseOverload(record: AuditRecord): Error | undefined {
    if (isClosed) return new OwnError('the audit log is closed')
    const { characters } = waiting
    if (characters < fixed.auditLogUnproven) return undefined
    if (characters < fixed.auditLogWaiting && ('dropped' in record || isProven(record))) return undefined
    writerFor(record).lose()
    return new OwnError('too many records wait for the disk')
  }

  async function end(): Promise<void> {
    passOn()
    isClosed = true
    const ends = await Promise.allSettled(writers.map((writer) => writer.close()))
    const failure = ends.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') throw failure.reason
  }

  await openAll(directory, folders, writers)
  return {
    write(record) {
      const problem = refuseOverload(record)
      if (problem !== undefined) throw problem
      take(record)
    },
    writeRequired(record) {
      const problem = refuseOverload(record)
      if (problem !== undefined) return Promise.reject(problem)
      return new Promise((resolve, reject) => take(new AwaitedRecord(record, resolve, reject)))
    },
    health() {
      const sum = { waiting: records.length, lost: 0 }
      for (const { counts } of writers) {
        sum.waiting += counts.waiting
        sum.lost += counts.lost
      }
      const lastError = writers.find((writer) => writer.lastError !== undefined)?.lastError
      const state = writers.some(({ isFailing }) => isFailing) ? 'failing' : 'ready'
      return { state: isClosed ? 'closed' : state, ...sum, ...(lastError !== undefined && { lastError }) }
    },
    close() {
      closing ??= end()
      return closing
    },
  }
}

/** What each line says of its place. A record that said so too would break the chain. */
const namesOfLines = ['seq', 'prev', 'checkpoint']

/** The last of the writers is for events of no configured tenant, and for `dropped` records. */
function chooseWriter(
  writers: readonly ChainWriter[],
  tenants: TenantOptions | undefined,
): (record: AuditRecord) => ChainWriter {
  const other = writers.at(-1) as ChainWriter
  if (tenants === undefined) return () => other
  const byName = new Map(tenants.names.map((name, at) => [name, writers[at]]))
  return (record) => {
    if ('dropped' in record) return other
    try {
      return byName.get(tenants.of(record)) ?? other
    } catch {
      return other
    }
  }
}

async function openAll(directory: string, folders: readonly string[], writers: readonly ChainWriter[]): Promise<void> {
  try {
    for (const folder of folders) await createFolder(join(directory, folder))
  } catch (error) {
    throw new Error(`auditLog: the directory cannot be made (${codeOf(error)})`)
  }
  const openings = await Promise.allSettled(writers.map((writer) => writer.open()))
  const failure = openings.find(({ status }) => status === 'rejected')
  if (failure?.status !== 'rejected') return
  await Promise.allSettled(writers.map((writer) => writer.close()))
  throw failure.reason
}
