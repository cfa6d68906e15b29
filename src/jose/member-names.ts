import { textUpToQuote } from './json-string.ts'

/**
 * The member names of one text, by object, in an open-addressed table. A new name costs a few nanoseconds here; as a new
 * property of a JavaScript object it costs half a microsecond, and any sender can invent names.
 */
export class MemberNames {
  /** Two numbers a slot: the hash of a name, and `#base` plus where the name starts. Less than `#base`: empty. */
  readonly #table: Int32Array
  readonly #shift: number
  #base = 1
  #used = 0

  constructor(capacity: number) {
    const bits = Math.ceil(Math.log2(capacity * 4))
    this.#table = new Int32Array(2 * 2 ** bits)
    this.#shift = 32 - bits
  }

  /** For a text of this length. */
  clear(length: number): void {
    this.#base += this.#used
    this.#used = length
    if (this.#base + length < 2 ** 31) return
    this.#table.fill(0)
    this.#base = 1
  }

  /** False if the same object has a name that reads the same: see `hashOctet`. No more than `capacity` names fit between two calls of `clear`. */
  add(octets: Buffer, hash: number, start: number): boolean {
    const table = this.#table
    const base = this.#base
    const mask = table.length - 2
    let slot = (hash >>> this.#shift) << 1
    for (let known = table[slot + 1] as number; known >= base; known = table[slot + 1] as number) {
      if (table[slot] === hash && textUpToQuote(octets, known - base) === textUpToQuote(octets, start)) return false
      slot = (slot + 2) & mask
    }
    table[slot] = hash
    table[slot + 1] = base + start
    return true
  }
}
