import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { OwnError } from '../internal/no-answer.ts'
import { fixed } from '../options/defaults.ts'
import type { DroppedRecord } from '../types/audit.ts'
import type { Note } from '../types/audit-log.ts'
import { Chain } from './chain.ts'
import { nameFile } from './file-name.ts'
import { LineBuffer } from './line-buffer.ts'
import { codeOf, type LogFile, type OpenLogFile } from './log-file.ts'
import { NoteDesk } from './note-desk.ts'
import type { AuditLogSettings } from './options.ts'
import { textOfRecord } from './record-text.ts'

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
  readonly notes: Note[]
  taken: number
  hasAwaited: boolean
  isFileFull: boolean
  /** The log is closed, and this is all that is left. */
  isLast: boolean
  /** Its checkpoint was due by time. */
  isTimely: boolean
  /** It counts as written once it is on the disk. */
  isFlushed: boolean
}

function emptyBatch(): Batch {
  const is = { isFileFull: false, isLast: false, isTimely: false, isFlushed: false }
  return { notes: [], taken: 0, hasAwaited: false, ...is }
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
  readonly #desk: NoteDesk
  readonly #buffer = new LineBuffer()
  #entries: Entry[] = []
  #characters = 0
  #awaited = 0
  #file: LogFile | undefined
  /** Of the file, while a batch is under way or has failed and was not taken back. */
  #goodSize: number | undefined
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

  constructor(name: string, settings: AuditLogSettings, waiting: Waiting, openFile: OpenLogFile) {
    this.#name = name
    this.#settings = settings
    this.#waiting = waiting
    this.#openFile = openFile
    this.#chain = new Chain(settings.origin, settings.signer)
    this.#signedAt = settings.clock.monotonic()
    this.#desk = new NoteDesk(settings)
  }

  get counts(): { readonly waiting: number; readonly lost: number } {
    return { waiting: this.#entries.length, lost: this.#lost }
  }

  get isFailing(): boolean {
    return this.#isFailing
  }

  get lastError(): string | undefined {
    return this.#lastError ?? this.#desk.failure
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
    if (this.#lostSince > 0) this.#sayLost()
    await this.#run()
    for (const timer of [this.#delay, this.#retry, this.#checkpoint]) clearTimeout(timer)
    const left = this.#entries.length
    this.#lost += left
    this.#entries = []
    await this.#file?.close().catch(() => {})
    await this.#desk.settled()
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
    this.#push(textOfRecord(dropped))
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
        this.#isCheckpointDue = this.#chain.unsigned > 0
        if (this.#isCheckpointDue) void this.#run()
        else if (this.#file !== undefined && this.#desk.hasNotes) this.#desk.flushMeanwhile(this.#file)
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
    else if (this.#chain.unsigned > 0 || this.#desk.hasNotes) this.#waitToSign()
    this.#wait()
  }

  get #hasWork(): boolean {
    if (this.#isOpening || this.#awaited > 0 || this.#characters >= worthWriting) return true
    if (this.#isClosing) return !this.#hasEnded
    return this.#entries.length > 0 ? this.#isDue : this.#isCheckpointDue && this.#chain.unsigned > 0
  }

  async #writeBatch(): Promise<boolean> {
    const { head } = this.#chain
    await this.#leaveSuspectFile()
    let batch: Batch
    try {
      await this.#restore()
      this.#file ??= await this.#openNext()
      batch = this.#compose(this.#file)
      this.#goodSize = this.#file.size
      await this.#file.append(this.#buffer.lines)
      if (batch.isFlushed) await this.#desk.flush(this.#file)
    } catch (error) {
      this.#chain.return(head)
      await this.#fail(codeOf(error))
      return false
    }
    await this.#succeed(batch)
    return true
  }

  async #leaveSuspectFile(): Promise<void> {
    if (this.#desk.failure === undefined) return
    this.#lastError = this.#desk.failure
    this.#desk.forget()
    await this.#leaveFile()
  }

  async #openNext(): Promise<LogFile> {
    this.#fileName = nameFile(this.#name, ++this.#files)
    this.#recordsInFile = 0
    return this.#openFile(join(this.#settings.directory, this.#fileName))
  }

  #compose(file: LogFile): Batch {
    const { everyEvents, maxFileBytes } = this.#settings
    const batch = emptyBatch()
    const buffer = this.#buffer
    const room = maxFileBytes - file.size - checkpointRoom
    buffer.clear()
    if (file.size === 0) this.#sign(batch)
    for (const entry of this.#entries) {
      if (buffer.length >= fixed.auditLogBatch) break
      const { head } = this.#chain
      const { length } = buffer
      this.#chain.append(typeof entry === 'string' ? entry : entry.record, buffer)
      if (buffer.length > room && this.#recordsInFile + batch.taken > 0) {
        this.#chain.return(head)
        buffer.cutBackTo(length)
        batch.isFileFull = true
        break
      }
      batch.taken++
      batch.hasAwaited ||= typeof entry !== 'string'
      if (this.#chain.unsigned >= everyEvents) this.#sign(batch)
    }
    batch.isLast = this.#isClosing && batch.taken === this.#entries.length
    batch.isTimely = this.#chain.unsigned > 0 && this.#mustSign
    if (batch.isLast || batch.isTimely || (batch.isFileFull && this.#chain.unsigned > 0)) this.#sign(batch)
    batch.isFlushed = batch.hasAwaited || batch.isFileFull || batch.isLast || this.#isOpening || this.#desk.isFull
    return batch
  }

  get #mustSign(): boolean {
    const { everySeconds, clock } = this.#settings
    return this.#isCheckpointDue || clock.monotonic() - this.#signedAt >= everySeconds * 1_000
  }

  #sign({ notes }: Batch): void {
    notes.push(this.#chain.sign(this.#fileName, this.#settings.clock.now(), this.#buffer))
  }

  async #succeed(batch: Batch): Promise<void> {
    const { taken, notes, isFileFull, isLast, isFlushed, isTimely } = batch
    this.#goodSize = undefined
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
      this.#desk.add(notes)
    }
    if (isFlushed) this.#desk.handOut()
    else if (this.#file !== undefined && (isTimely || this.#desk.isFlushDue)) this.#desk.flushMeanwhile(this.#file)
    if (isFileFull) await this.#leaveFile()
  }

  async #leaveFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
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
      entry.reject(new OwnError(`the audit log was not written (${code})`))
    }
    await this.#restore().catch(() => {})
  }

  /**
   * Takes back what a failed batch left, and goes on in a new file. Until that succeeds nothing is written: lines that were
   * refused must not stay. A file without a line is kept, so that a long outage leaves one and not many.
   */
  async #restore(): Promise<void> {
    const file = this.#file
    if (file === undefined || this.#goodSize === undefined) return
    await file.restore(this.#goodSize)
    this.#goodSize = undefined
    await file.flush().catch(() => this.#desk.forget())
    if (file.size > 0) await this.#leaveFile()
  }
}
