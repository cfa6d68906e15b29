import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fixed } from '../options/defaults.ts'
import type { DroppedRecord } from '../types/audit.ts'
import type { Note } from '../types/audit-log.ts'
import { Chain } from './chain.ts'
import { nameFile } from './file-name.ts'
import { codeOf, type LogFile, type OpenLogFile } from './log-file.ts'
import type { AuditLogSettings } from './options.ts'
import { membersText } from './record-text.ts'

/** A record that somebody waits for. */
export class AwaitedRecord<T> {
  readonly record: T
  readonly resolve: () => void
  readonly reject: (error: Error) => void

  constructor(record: T, resolve: () => void, reject: (error: Error) => void) {
    this.record = record
    this.resolve = resolve
    this.reject = reject
  }
}

/** The JSON of a record without its braces. */
type Entry = string | AwaitedRecord<string>

/** The text that waits in all chains of a log, in characters. */
export interface Waiting {
  characters: number
}

interface Batch {
  readonly lines: string[]
  readonly notes: Note[]
  taken: number
  hasAwaited: boolean
  isFileFull: boolean
  /** The log is closed, and this is all that is left. */
  isLast: boolean
}

/** A checkpoint at the end of a file must fit in. */
const checkpointRoom = 2_048
/** Less is not written before its time: each write has a price of its own. */
const worthWriting = 65_536

/**
 * Writes one chain, one batch at a time. A batch that fails is taken back as a whole: awaited records of it are rejected,
 * the others wait for the next attempt, which takes a new file.
 */
export class ChainWriter {
  readonly #settings: AuditLogSettings
  readonly #openFile: OpenLogFile
  readonly #waiting: Waiting
  /** With the folder of the tenant. */
  readonly #name: string
  readonly #chain: Chain
  #entries: Entry[] = []
  #characters = 0
  #awaited = 0
  #file: LogFile | undefined
  #fileName = ''
  #files = 0
  #recordsInFile = 0
  #signedAt: number
  #lost = 0
  #lostSince = 0
  #lastError: string | undefined
  #isFailing = false
  #isOpening = true
  #isDue = false
  #isCheckpointDue = false
  #isClosing = false
  #hasEnded = false
  #isRunning = false
  #running: Promise<void> | undefined
  #delay: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #checkpoint: NodeJS.Timeout | undefined
  #handedOut: Promise<void> = Promise.resolve()

  constructor(name: string, settings: AuditLogSettings, waiting: Waiting, openFile: OpenLogFile) {
    this.#name = name
    this.#settings = settings
    this.#waiting = waiting
    this.#openFile = openFile
    this.#chain = new Chain(settings.origin, settings.signer)
    this.#signedAt = settings.clock.monotonic()
  }

  get counts(): { readonly waiting: number; readonly lost: number } {
    return { waiting: this.#entries.length, lost: this.#lost }
  }

  get isFailing(): boolean {
    return this.#isFailing
  }

  get lastError(): string | undefined {
    return this.#lastError
  }

  /** Makes the first file, with its checkpoint. */
  async open(): Promise<void> {
    await this.#run()
    if (this.#isFailing) throw new Error(`auditLog: no file can be written (${this.#lastError})`)
  }

  add(entry: Entry): void {
    if (this.#lostSince > 0) this.#sayLost()
    this.#push(entry)
    if (entry instanceof AwaitedRecord) this.#awaited++
  }

  lose(): void {
    this.#lost++
    this.#lostSince++
  }

  /** To be called after `add`. */
  schedule(): void {
    if (this.#lostSince > 0 && this.#entries.length === 0) this.#sayLost()
    if (this.#awaited > 0 || (this.#characters >= worthWriting && !this.#isFailing)) void this.#run()
    else this.#wait()
  }

  async close(): Promise<void> {
    await this.#running
    this.#isClosing = true
    if (this.#lostSince > 0 && this.#entries.length === 0) this.#sayLost()
    await this.#run()
    for (const timer of [this.#delay, this.#retry, this.#checkpoint]) clearTimeout(timer)
    const left = this.#entries.length
    this.#lost += left
    this.#entries = []
    await this.#file?.close().catch(() => {})
    await this.#handedOut
    if (this.#isFailing) throw new Error(`auditLog: ${left} records could not be written (${this.#lastError})`)
  }

  #push(entry: Entry): void {
    this.#entries.push(entry)
    this.#count(entry, 1)
  }

  #count(entry: Entry, sign: 1 | -1): void {
    const { length } = typeof entry === 'string' ? entry : entry.record
    this.#characters += sign * length
    this.#waiting.characters += sign * length
  }

  #sayLost(): void {
    const dropped: DroppedRecord = {
      version: 1,
      id: randomUUID(),
      time: this.#settings.clock.now(),
      dropped: this.#lostSince,
    }
    this.#lostSince = 0
    this.#push(membersText(dropped))
  }

  /** The timers keep the process alive only while lines wait that a working disk will take. */
  #wait(): void {
    if (this.#isFailing || this.#entries.length === 0 || this.#delay !== undefined) return
    this.#delay = setTimeout(() => {
      this.#delay = undefined
      this.#isDue = true
      void this.#run()
    }, fixed.auditLogDelayMs)
  }

  #waitToRetry(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#isDue = true
      void this.#run()
    }, fixed.auditLogRetryMs).unref()
  }

  #waitToSign(): void {
    const { everySeconds, clock } = this.#settings
    const left = everySeconds * 1_000 - (clock.monotonic() - this.#signedAt)
    this.#checkpoint ??= setTimeout(
      () => {
        this.#checkpoint = undefined
        this.#isCheckpointDue = true
        void this.#run()
      },
      Math.max(left, 1),
    ).unref()
  }

  async #run(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true
      this.#running = this.#writeAll()
    }
    await this.#running
  }

  async #writeAll(): Promise<void> {
    let isGood = true
    // Awaited records that came while a batch failed have not been tried.
    while (this.#hasWork && (isGood || this.#awaited > 0)) isGood = await this.#writeBatch()
    this.#isRunning = false
    if (this.#isClosing) return
    if (!isGood) this.#waitToRetry()
    else if (this.#chain.unsigned > 0) this.#waitToSign()
    this.#wait()
  }

  get #hasWork(): boolean {
    if (this.#isOpening || this.#awaited > 0 || this.#characters >= worthWriting) return true
    if (this.#isClosing) return !this.#hasEnded
    return this.#entries.length > 0 ? this.#isDue : this.#isCheckpointDue && this.#chain.unsigned > 0
  }

  async #writeBatch(): Promise<boolean> {
    const { head } = this.#chain
    let batch: Batch
    try {
      this.#file ??= await this.#openNext()
      batch = this.#compose(this.#file)
      await this.#file.append(Buffer.from(`${batch.lines.join('\n')}\n`), batch.hasAwaited || batch.notes.length > 0)
    } catch (error) {
      this.#chain.return(head)
      await this.#fail(codeOf(error))
      return false
    }
    await this.#succeed(batch)
    return true
  }

  async #openNext(): Promise<LogFile> {
    this.#fileName = nameFile(this.#name, ++this.#files)
    this.#recordsInFile = 0
    return this.#openFile(join(this.#settings.directory, this.#fileName))
  }

  #compose(file: LogFile): Batch {
    const { everyEvents, maxFileBytes } = this.#settings
    const batch: Batch = { lines: [], notes: [], taken: 0, hasAwaited: false, isFileFull: false, isLast: false }
    let size = file.size + checkpointRoom
    if (file.size === 0) size += this.#sign(batch)
    let characters = 0
    for (const entry of this.#entries) {
      if (characters >= fixed.auditLogBatch) break
      const members = typeof entry === 'string' ? entry : entry.record
      const line = this.#chain.head
      const text = this.#chain.append(members)
      size += Buffer.byteLength(text) + 1
      if (size > maxFileBytes && this.#recordsInFile + batch.taken > 0) {
        this.#chain.return(line)
        batch.isFileFull = true
        break
      }
      batch.lines.push(text)
      batch.taken++
      batch.hasAwaited ||= typeof entry !== 'string'
      characters += text.length
      if (this.#chain.unsigned >= everyEvents) size += this.#sign(batch)
    }
    batch.isLast = this.#isClosing && batch.taken === this.#entries.length
    if (batch.isLast || (this.#chain.unsigned > 0 && (batch.isFileFull || this.#mustSign))) this.#sign(batch)
    return batch
  }

  get #mustSign(): boolean {
    const { everySeconds, clock } = this.#settings
    return this.#isCheckpointDue || clock.monotonic() - this.#signedAt >= everySeconds * 1_000
  }

  #sign(batch: Batch): number {
    const { line, note } = this.#chain.sign(this.#fileName, this.#settings.clock.now())
    batch.lines.push(line)
    batch.notes.push(note)
    return line.length + 1
  }

  async #succeed({ taken, notes, isFileFull, isLast }: Batch): Promise<void> {
    this.#isFailing = false
    this.#hasEnded = isLast
    this.#isOpening = false
    this.#recordsInFile += taken
    const written = taken === this.#entries.length ? this.#entries : this.#entries.slice(0, taken)
    this.#entries = taken === this.#entries.length ? [] : this.#entries.slice(taken)
    for (const entry of written) {
      this.#count(entry, -1)
      if (typeof entry === 'string') continue
      this.#awaited--
      entry.resolve()
    }
    if (this.#entries.length === 0) {
      this.#isDue = false
      if (this.#lostSince > 0) this.#sayLost()
    }
    if (notes.length > 0) {
      this.#signedAt = this.#settings.clock.monotonic()
      this.#isCheckpointDue = false
      for (const note of notes) this.#handOut(note)
    }
    if (!isFileFull) return
    // What it holds is flushed: its last line is a checkpoint.
    await this.#file?.close().catch(() => {})
    this.#file = undefined
  }

  async #fail(code: string): Promise<void> {
    this.#isFailing = true
    this.#isDue = false
    this.#lastError = code
    const entries = this.#entries
    this.#entries = entries.filter((entry) => typeof entry === 'string')
    for (const entry of entries) {
      if (typeof entry === 'string') continue
      this.#count(entry, -1)
      this.#awaited--
      entry.reject(new Error(`the audit log was not written (${code})`))
    }
    const file = this.#file
    if (file === undefined) return
    const isRestored = await file.restore().then(
      () => true,
      () => false,
    )
    // A file without a line is tried again, so that a long outage leaves one and not many.
    if (isRestored && file.size === 0) return
    this.#file = undefined
    await file.close().catch(() => {})
  }

  #handOut(note: Note): void {
    const { onCheckpoint } = this.#settings
    if (onCheckpoint === undefined) return
    const answer = new Promise<void>((resolve) => resolve(onCheckpoint(Object.freeze(note))))
    this.#handedOut = answer.catch(() => {})
  }
}
