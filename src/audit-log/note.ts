import type { Note } from '../types/audit-log.ts'

export type UnsignedNote = Omit<Note, 'signature'>

/** The hash before the first line of a chain: 32 zero octets. */
export const noHash: string = 'A'.repeat(43)

/** What is signed: eight lines, so that any language can make it. No member can hold a line feed. */
export function signedText({ origin, file, seq, hash, time, kid }: UnsignedNote): string {
  return `onbehalf audit log 1\n${origin}\n${file}\n${seq}\n${hash}\n${time}\n${kid}\n`
}

/** A note as this package writes it; undefined for anything else. */
export function readNote(value: unknown): Note | undefined {
  const note = Object(value) as Partial<Note>
  const { origin, file, seq, hash, time, kid, signature } = note
  const isGood =
    isLabel(origin) &&
    isLabel(kid) &&
    typeof file === 'string' &&
    /^[\x21-\x7e]{1,512}$/.test(file) &&
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(time) &&
    isHash(hash) &&
    typeof signature === 'string' &&
    /^[\w-]{86}$/.test(signature)
  return isGood ? (note as Note) : undefined
}

export function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value)
}

/** An origin or a key id. */
export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value)
}
