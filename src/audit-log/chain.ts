import { sha256 } from '../jose/sha256.ts'
import type { Note } from '../types/audit-log.ts'
import type { NoteSigner } from './keys.ts'
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

  /** The line of a record. `members`: its JSON without the braces. */
  append(members: string): string {
    this.#unsigned++
    return this.#line(members)
  }

  /** The line of a checkpoint, which covers all lines before it. */
  sign(file: string, time: number): { readonly line: string; readonly note: Note } {
    const note = this.#signer.sign({
      origin: this.#origin,
      file,
      seq: this.#seq,
      hash: this.#hash,
      time,
      kid: this.#signer.kid,
    })
    const line = this.#line(membersText({ checkpoint: note }))
    this.#unsigned = 0
    return { line, note }
  }

  #line(members: string): string {
    this.#seq++
    const line = `{"seq":${this.#seq},"prev":"${this.#hash}",${members}}`
    this.#hash = sha256(line)
    return line
  }
}
