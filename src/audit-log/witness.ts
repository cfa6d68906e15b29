import type { Note } from '../types/audit-log.ts'
import type { Faults } from './faults.ts'
import type { NoteKeys } from './keys.ts'

/** The notes that were kept elsewhere: the log must have the checkpoint of each. */
export class Witness {
  readonly #missing: Map<string, Note>
  readonly #found = new Set<string>()
  readonly #firstSeq = new Map<string, number>()
  #origin: string | undefined

  /** A note with a wrong signature witnesses nothing; two different ones about one checkpoint contradict each other. */
  constructor(notes: readonly Note[], keys: NoteKeys, faults: Faults) {
    const good = new Map<string, Note>()
    for (const note of notes) {
      const known = good.get(nameOf(note))
      if (!keys.hasSigned(note)) faults.add(note.file, 1, 'a note about it is not signed with a key that is given')
      else if (known !== undefined && known.signature !== note.signature)
        faults.add(note.file, 1, 'two notes about it contradict each other')
      else good.set(nameOf(note), note)
    }
    this.#missing = good
    this.#origin = notes.find((note) => keys.hasSigned(note))?.origin
  }

  /** A directory holds the log of one origin: that of the notes, else that of the first checkpoint. */
  isOrigin(origin: string): boolean {
    this.#origin ??= origin
    return origin === this.#origin
  }

  /** False: a note says otherwise about the same place. */
  agrees(note: Note): boolean {
    const name = nameOf(note)
    if (!this.#firstSeq.has(note.file)) this.#firstSeq.set(note.file, note.seq)
    const witnessed = this.#missing.get(name)
    if (witnessed === undefined) return true
    this.#missing.delete(name)
    if (witnessed.signature !== note.signature) return false
    this.#found.add(name)
    return true
  }

  has(note: Note): boolean {
    return this.#found.has(nameOf(note))
  }

  /** To be called after all lines. */
  reportMissing(faults: Faults): void {
    for (const { file, seq } of this.#missing.values()) {
      const first = this.#firstSeq.get(file)
      if (first === undefined) faults.add(file, 1, 'a note names the file, which is missing or has no good checkpoint')
      else faults.add(file, Math.max(1, seq - first + 1), 'the checkpoint that a note names is missing')
    }
  }
}

function nameOf({ file, seq }: Note): string {
  return `${seq} ${file}`
}
