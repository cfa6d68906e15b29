const usualBytes = 131_072
/** A larger one is not kept. */
const keptBytes = 1_048_576
const closingBrace = 125
const lineFeed = 10

/** Lines in their octets, as they will be written; one for all batches of a chain, since that makes little garbage. */
export class LineBuffer {
  #octets = Buffer.allocUnsafe(usualBytes)
  #end = 0

  get length(): number {
    return this.#end
  }

  /**
   * Adds the line of an object: its opening brace and first members, the others, and a closing brace. Answers with its octets
   * without the line feed. They are good until the next call.
   */
  add(opening: string, members: string): Uint8Array {
    // UTF-8 has three octets at most for each UTF-16 code unit.
    this.#makeRoom(3 * (opening.length + members.length) + 2)
    const start = this.#end
    this.#end += this.#octets.write(opening, this.#end)
    this.#end += this.#octets.write(members, this.#end)
    this.#octets[this.#end++] = closingBrace
    this.#octets[this.#end++] = lineFeed
    return this.#octets.subarray(start, this.#end - 1)
  }

  cutBackTo(length: number): void {
    this.#end = length
  }

  /** All lines. They are good until the next `clear`. */
  get lines(): Uint8Array {
    return this.#octets.subarray(0, this.#end)
  }

  clear(): void {
    this.#end = 0
    if (this.#octets.length > keptBytes) this.#octets = Buffer.allocUnsafe(usualBytes)
  }

  #makeRoom(length: number): void {
    if (this.#end + length <= this.#octets.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#end + length, 2 * this.#octets.length))
    larger.set(this.lines)
    this.#octets = larger
  }
}
