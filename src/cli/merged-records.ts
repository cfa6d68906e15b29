import { open } from 'node:fs/promises'
import { readLoggedRecord } from '../report/logged-record.ts'
import type { AuditRecord } from '../types/audit.ts'
import { LoggedLines } from './logged-lines.ts'

/** What was read beside records. */
export interface ReadCounts {
  bytes: number
  lines: number
  records: number
  /** Lines that are neither a record nor a checkpoint. */
  unreadable: number
  readonly unreadableFiles: string[]
}

/**
 * Hands out the records of chains of files by their time. A chain is opened when the others have come to its first record,
 * so that memory depends on how many processes wrote at the same time, and not on how many there were.
 */
export async function readMerged(
  chains: readonly (readonly string[])[],
  counts: ReadCounts,
  onRecord: (record: AuditRecord) => void,
): Promise<void> {
  const waiting = await inOrderOfBeginning(chains)
  let sources: RecordSource[] = []
  for (;;) {
    let earliest = earliestOf(sources)
    while (waiting.length > 0 && (earliest?.time ?? Number.POSITIVE_INFINITY) >= (waiting.at(-1)?.begins ?? 0)) {
      const source = new RecordSource(waiting.pop()?.files ?? [], counts)
      if (await source.advance()) sources.push(source)
      earliest = earliestOf(sources)
    }
    if (earliest?.record === undefined) return
    onRecord(earliest.record)
    const isMore = earliest.step() ?? (await earliest.advance())
    if (!isMore) sources = sources.filter((source) => source !== earliest)
  }
}

function earliestOf(sources: readonly RecordSource[]): RecordSource | undefined {
  let earliest = sources[0]
  for (const source of sources) if (earliest === undefined || source.time < earliest.time) earliest = source
  return earliest
}

/** The record at the head of one chain. */
class RecordSource {
  record: AuditRecord | undefined
  readonly #lines: LoggedLines
  readonly #counts: ReadCounts

  constructor(files: readonly string[], counts: ReadCounts) {
    this.#counts = counts
    this.#lines = new LoggedLines(
      files,
      (bytes) => {
        counts.bytes += bytes
      },
      (file) => void counts.unreadableFiles.push(file),
    )
  }

  get time(): number {
    return this.record?.time ?? Number.NEGATIVE_INFINITY
  }

  /** True: the next record is at the head. Undefined: the file has to be read on. */
  step(): true | undefined {
    for (let line = this.#lines.take(); line !== 'none'; line = this.#lines.take()) {
      this.record = this.#read(line)
      if (this.record !== undefined) return true
    }
    return undefined
  }

  async advance(): Promise<boolean> {
    while (await this.#lines.more()) if (this.step() === true) return true
    this.record = undefined
    return false
  }

  #read(line: Buffer | undefined): AuditRecord | undefined {
    if (line?.length === 0) return undefined
    this.#counts.lines++
    const text = line?.toString('utf8')
    const record = text === undefined ? undefined : readLoggedRecord(text)
    if (record !== undefined) this.#counts.records++
    else if (text === undefined || checkpointTime(text) === undefined) this.#counts.unreadable++
    return record
  }
}

interface Beginning {
  readonly files: readonly string[]
  readonly begins: number
}

/** The one that begins last goes first. */
async function inOrderOfBeginning(chains: readonly (readonly string[])[]): Promise<Beginning[]> {
  const beginnings: Beginning[] = []
  // What is alone needs no order, and may be a pipe, which can be read once.
  if (chains.length === 1) return chains.map((files) => ({ files, begins: Number.NEGATIVE_INFINITY }))
  for (const files of chains) beginnings.push({ files, begins: await beginningOf(files[0]) })
  return beginnings.sort((a, b) => b.begins - a.begins)
}

/** The earliest time among the first lines. Where they have none, the chain is opened at once. */
async function beginningOf(file: string | undefined): Promise<number> {
  const lines = file === undefined ? [] : await readFirstLines(file)
  const times = lines.flatMap((line) => readLoggedRecord(line)?.time ?? checkpointTime(line) ?? [])
  return times.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...times)
}

async function readFirstLines(file: string): Promise<readonly string[]> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return []
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestBeginning), 0, longestBeginning, 0)
    return buffer.toString('utf8', 0, bytesRead).split('\n')
  } catch {
    return []
  } finally {
    await handle.close()
  }
}

const longestBeginning = 65_536

/** A line that signs the ones before it. */
function checkpointTime(line: string): number | undefined {
  if (!line.includes('"checkpoint"')) return undefined
  try {
    const time: unknown = JSON.parse(line).checkpoint.time
    return typeof time === 'number' ? time : undefined
  } catch {
    return undefined
  }
}
