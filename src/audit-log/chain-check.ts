import { isUtf8 } from 'node:buffer'
import type { Note } from '../types/audit-log.ts'
import type { Faults } from './faults.ts'
import type { NoteKeys } from './keys.ts'
import { isHash, noHash, readNote } from './note.ts'
import type { Witness } from './witness.ts'

export interface CheckSetting {
  readonly keys: NoteKeys
  readonly faults: Faults
  readonly witness: Witness
}

interface Place {
  readonly file: string
  readonly line: number
}

/** Checks the lines of one chain, file by file. After a fault it goes on with the number that the line names. */
export class ChainCheck {
  events = 0
  checkpoints = 0
  /** The last line, where it is a good checkpoint. */
  end: Note | undefined
  readonly #setting: CheckSetting
  #place: Place = { file: '', line: 0 }
  #seq = 0
  #hash = noHash
  /** Undefined before the first line, and where the last line has a fault already. */
  #trusted: Place | undefined

  constructor(setting: CheckSetting) {
    this.#setting = setting
  }

  beginFile(file: string): void {
    this.#place = { file, line: 0 }
  }

  /** What stands behind the last whole line may have been anything. */
  breakOff(): void {
    this.end = undefined
  }

  readonly takeLine = (octets: Buffer | undefined, hash: string): void => {
    const place = { file: this.#place.file, line: this.#place.line + 1 }
    this.#place = place
    this.end = undefined
    const line = octets && readLogLine(octets)
    if (line === undefined) {
      this.#fault(octets === undefined ? 'the line is too long' : 'the line is not one of an audit log')
      this.#seq++
      this.#trusted = undefined
    } else {
      const isInPlace = this.#checkPlace(line)
      if (line.checkpoint !== undefined) this.#checkNote(line, line.checkpoint)
      else if (!line.isDropped) this.events++
      if (place.line === 1 && line.checkpoint === undefined && isInPlace)
        this.#fault('the file does not begin with a checkpoint')
      this.#seq = line.seq
      this.#trusted = place
    }
    this.#hash = hash
  }

  #checkPlace({ seq, prev }: LogLine): boolean {
    const expected = this.#seq + 1
    if (seq > expected) return this.#fault(`lines ${expected} to ${seq - 1} of the chain are missing before it`)
    if (seq < expected) return this.#fault(`line ${seq} of the chain stands behind line ${this.#seq}`)
    if (prev === this.#hash) return true
    const { file, line } = this.#trusted ?? this.#place
    const isReported = this.#trusted === undefined && this.#place.line > 1
    if (!isReported) this.#setting.faults.add(file, line, 'it does not have the hash that the next line names')
    return false
  }

  #checkNote({ seq, prev }: LogLine, value: unknown): void {
    const { keys, witness } = this.#setting
    const note = readNote(value)
    if (note === undefined) this.#fault('the checkpoint is malformed')
    else if (!keys.has(note.kid)) this.#fault('the checkpoint is signed with a key that is not given')
    else if (!keys.hasSigned(note)) this.#fault('the signature of the checkpoint is wrong')
    else if (note.file !== this.#place.file) this.#fault('the checkpoint was signed for another file')
    else if (!witness.isOrigin(note.origin)) this.#fault('the checkpoint was signed for another origin')
    else if (note.seq !== seq - 1 || note.hash !== prev) this.#fault('the checkpoint was signed for other lines')
    else if (!witness.agrees(note)) this.#fault('the checkpoint contradicts a note')
    else {
      this.checkpoints++
      this.end = note
    }
  }

  #fault(what: string): false {
    this.#setting.faults.add(this.#place.file, this.#place.line, what)
    return false
  }
}

interface LogLine {
  readonly seq: number
  readonly prev: string
  readonly checkpoint: unknown
  readonly isDropped: boolean
}

function readLogLine(octets: Buffer): LogLine | undefined {
  if (!isUtf8(octets)) return undefined
  try {
    const value: unknown = JSON.parse(octets.toString())
    const { seq, prev, checkpoint, dropped } = Object(value) as Record<string, unknown>
    if (!Number.isSafeInteger(seq) || (seq as number) < 1 || !isHash(prev)) return undefined
    return { seq: seq as number, prev, checkpoint, isDropped: dropped !== undefined }
  } catch {
    return undefined
  }
}
