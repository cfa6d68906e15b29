import type { Note } from '../types/audit-log.ts'
import { codeOf, type LogFile } from './log-file.ts'
import type { AuditLogSettings } from './options.ts'

/** So many notes wait for a flush at most. */
const mostNotes = 1_000

/** Keeps the notes of checkpoints that are written, and hands them out once they are on the disk. */
export class NoteDesk {
  readonly #settings: AuditLogSettings
  #notes: Note[] = []
  #flushedAt: number
  #flushing: Promise<void> | undefined
  #handedOut: Promise<void> = Promise.resolve()
  /** Why the last flush in the background failed. What it should have flushed may be lost, even if the next one succeeds. */
  failure: string | undefined

  constructor(settings: AuditLogSettings) {
    this.#settings = settings
    this.#flushedAt = settings.clock.monotonic()
  }

  get hasNotes(): boolean {
    return this.#notes.length > 0
  }

  get isFull(): boolean {
    return this.#notes.length >= mostNotes
  }

  add(notes: readonly Note[]): void {
    this.#notes.push(...notes)
  }

  async flush(file: LogFile): Promise<void> {
    await this.#flushing
    await file.flush()
    this.#flushedAt = this.#settings.clock.monotonic()
  }

  get isFlushDue(): boolean {
    const { everySeconds, clock } = this.#settings
    return this.hasNotes && clock.monotonic() - this.#flushedAt >= everySeconds * 1_000
  }

  /** Lines are written meanwhile. */
  flushMeanwhile(file: LogFile): void {
    this.#flushing ??= this.#flushNotes(file)
  }

  async #flushNotes(file: LogFile): Promise<void> {
    const notes = this.#notes
    this.#notes = []
    this.#flushedAt = this.#settings.clock.monotonic()
    try {
      await file.flush()
      this.#give(notes)
    } catch (error) {
      this.failure = codeOf(error)
    }
    this.#flushing = undefined
  }

  /** To be called when all that is written is flushed. */
  handOut(): void {
    const notes = this.#notes
    this.#notes = []
    this.#give(notes)
  }

  /** Nothing says that what they are about is on the disk. */
  forget(): void {
    this.#notes = []
    this.failure = undefined
  }

  /** Resolves when what was handed out has been dealt with. */
  async settled(): Promise<void> {
    await this.#flushing
    await this.#handedOut
  }

  #give(notes: readonly Note[]): void {
    const { onCheckpoint } = this.#settings
    if (onCheckpoint === undefined) return
    for (const note of notes) {
      const answer = new Promise<void>((resolve) => resolve(onCheckpoint(Object.freeze(note))))
      this.#handedOut = answer.catch(() => {})
    }
  }
}
