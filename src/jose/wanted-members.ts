import { hashOfName, textUpToQuote } from './json-string.ts'

/** Members of an object that are looked for by name, and where their values were found in the text scanned last. */
export class WantedMembers {
  readonly names: readonly string[]
  /** Of the members of a member that is an object. */
  readonly nested: Readonly<Record<string, WantedMembers>>
  readonly #hashes: readonly number[]
  readonly #starts: number[]
  readonly #ends: number[]

  /** Names in ASCII. */
  constructor(names: readonly string[], nested: Readonly<Record<string, WantedMembers>> = {}) {
    this.names = names
    this.nested = nested
    this.#hashes = names.map(hashOfName)
    this.#starts = names.map(() => -1)
    this.#ends = names.map(() => -1)
  }

  clear(): void {
    this.#starts.fill(-1)
  }

  /** Which of the names the octets read as. */
  find(octets: Buffer, hash: number, start: number, end: number): number | undefined {
    const index = this.#hashes.indexOf(hash)
    return index >= 0 && isName(this.names[index] as string, octets, start, end) ? index : undefined
  }

  note(index: number, start: number, end: number): void {
    this.#starts[index] = start
    this.#ends[index] = end
  }

  /** -1 if the member is missing. */
  startOf(index: number): number {
    return this.#starts[index] as number
  }

  endOf(index: number): number {
    return this.#ends[index] as number
  }
}

function isName(name: string, octets: Buffer, start: number, end: number): boolean {
  let same = 0
  while (octets[start + same] === name.charCodeAt(same)) same++
  // Only an escape can make two spellings of one name.
  return (same === name.length && start + same === end) || textUpToQuote(octets, start) === name
}
