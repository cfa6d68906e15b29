import { hashOfText } from './party-code.ts'

const dayMs = 86_400_000
/** Keys of one actor and day that are told apart. */
const mostKeys = 64
/** Keys beyond the first that are held for all actors together, for each actor there is room for. */
const sharePerActor = 2

/**
 * Different proof keys of each actor within a day (UTC): those of the actor's latest day, and its day with the most. Keys
 * are held by their hash.
 */
export class ProvenKeys {
  readonly #days: number[] = []
  readonly #firstKeys: number[] = []
  readonly #others = new Map<number, number[]>()
  readonly #worst = new Map<number, { day: number; keys: number; exact: boolean }>()
  readonly #room: number
  #held = 0
  /** False once an event came after one of a later day of the same actor, or there was no room for more keys. */
  isExact = true

  constructor(maxActors: number) {
    this.#room = maxActors * sharePerActor
  }

  /** The slot stands for another actor from now on. */
  forget(slot: number): void {
    this.#days[slot] = Number.NEGATIVE_INFINITY
    this.#dropKeys(slot)
    this.#worst.delete(slot)
  }

  count(slot: number, thumbprint: string, time: number): void {
    const day = Math.floor(time / dayMs)
    const held = this.#days[slot] as number
    if (day < held) {
      this.isExact = false
      return
    }
    const key = hashOfText(thumbprint)
    if (day > held) {
      this.#days[slot] = day
      this.#firstKeys[slot] = key
      this.#dropKeys(slot)
      return
    }
    if (this.#firstKeys[slot] !== key) this.#countOther(slot, key, day)
  }

  /** Of the day with the most keys; undefined where no day has more than one. */
  worstOf(slot: number): { readonly day: number; readonly keys: number; readonly exact: boolean } | undefined {
    return this.#worst.get(slot)
  }

  get sharedSlots(): Iterable<number> {
    return this.#worst.keys()
  }

  get shared(): number {
    return this.#worst.size
  }

  #countOther(slot: number, key: number, day: number): void {
    const others = this.#others.get(slot)
    if (others?.includes(key)) return
    const isFull = (others?.length ?? 0) + 1 >= mostKeys || this.#held >= this.#room
    if (isFull && this.#held >= this.#room) this.isExact = false
    if (!isFull) {
      if (others === undefined) this.#others.set(slot, [key])
      else others.push(key)
      this.#held += 1
    }
    const keys = (this.#others.get(slot)?.length ?? 0) + 1
    const worst = this.#worst.get(slot)
    if (keys > (worst?.keys ?? 1)) this.#worst.set(slot, { day, keys, exact: !isFull })
    else if (isFull && worst !== undefined && worst.keys === keys) worst.exact = false
  }

  #dropKeys(slot: number): void {
    const others = this.#others.get(slot)
    if (others === undefined) return
    this.#held -= others.length
    this.#others.delete(slot)
  }
}
