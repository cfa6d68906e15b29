import { hashMultiplier, textOf } from './json-string.ts'

/**
 * The member names of one text, by object, in an open-addressed table. A new name costs a few nanoseconds here; as a new
 * property of a JavaScript object it costs half a microsecond, and any sender can invent names.
 */
export class MemberNames {
  readonly #hashes: Int32Array
  readonly #objects: Int32Array
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  /** `#base` plus the place of a name in those arrays. Numbers below `#base` are left over from earlier texts. */
  readonly #slots: Int32Array
  #base = 1
  #count = 0

  constructor(capacity: number) {
    this.#hashes = new Int32Array(capacity)
    this.#objects = new Int32Array(capacity)
    this.#starts = new Int32Array(capacity)
    this.#ends = new Int32Array(capacity)
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2)))
  }

  clear(): void {
    this.#base += this.#count
    this.#count = 0
    if (this.#base + this.#hashes.length < 2 ** 31) return
    this.#slots.fill(0)
    this.#base = 1
  }

  /** False if the object has a name that reads the same. No more than `capacity` names fit between two calls of `clear`. */
  add(octets: Buffer, object: number, hash: number, start: number, end: number): boolean {
    const mask = this.#slots.length - 1
    const mixed = Math.imul(hash ^ object, hashMultiplier)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    for (let place = this.#placeIn(slot); place >= 0; place = this.#placeIn(slot)) {
      if (this.#hashes[place] === hash && this.#objects[place] === object && this.#reads(place, octets, start, end)) {
        return false
      }
      slot = (slot + 1) & mask
    }
    const place = this.#count++
    this.#hashes[place] = hash
    this.#objects[place] = object
    this.#starts[place] = start
    this.#ends[place] = end
    this.#slots[slot] = this.#base + place
    return true
  }

  /** Negative if the slot is empty. */
  #placeIn(slot: number): number {
    return (this.#slots[slot] as number) - this.#base
  }

  #reads(place: number, octets: Buffer, start: number, end: number): boolean {
    const known = textOf(octets, this.#starts[place] as number, this.#ends[place] as number, true)
    return known === textOf(octets, start, end, true)
  }
}
