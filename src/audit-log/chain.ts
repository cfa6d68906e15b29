import { sha256 } from '../jose/sha256.ts'
import type { Note } from '../types/audit-log.ts'
import type { NoteSigner } from './keys.ts'
import type { LineBuffer } from './line-buffer.ts'
import { noHash } from './note.ts'
import { membersText } from './record-text.ts'

/** Where a chain stands: the number and the hash of its last line. */
export interface ChainHead {
  readonly seq: number
  readonly hash: string
  /** Events since the last checkpoint. */
  readonly unsigned: number
}

/** Makes the lines of one chain. Each names the SHA-256 of the octets of the line before it, without the line feed. */
export class Chain {
  #seq = 0
  #hash = noHash
  #unsigned = 0
  readonly #origin: string
  readonly #signer: NoteSigner

  constructor(origin: string, signer: NoteSigner) {
    this.#origin = origin
    this.#signer = signer
  }

  get head(): ChainHead {
    return { seq: this.#seq, hash: this.#hash, unsigned: this.#unsigned }
  }

  get unsigned(): number {
    return this.#unsigned
  }

  /** What was made since then does not count: the next line takes its place. */
  return(head: ChainHead): void {
    this.#seq = head.seq
    this.#hash = head.hash
    this.#unsigned = head.unsigned
  }

  /** Adds the line of a record. `members`: its JSON without the braces. */
  append(members: string, buffer: LineBuffer): void {
    this.#unsigned++
    this.#addLine(members, buffer)
  }

  /** Adds the line of a checkpoint, which covers all lines before it. */
  sign(file: string, time: number, buffer: LineBuffer): Note {
    const { kid } = this.#signer
    const note = this.#signer.sign({ origin: this.#origin, file, seq: this.#seq, hash: this.#hash, time, kid })
    this.#addLine(membersText({ checkpoint: note }), buffer)
    this.#unsigned = 0
    return note
  }

  #addLine(members: string, buffer: LineBuffer): void {
    this.#seq++
    this.#hash = sha256(buffer.add(`{"seq":${this.#seq},"prev":"${this.#hash}",`, members))
  }
}
