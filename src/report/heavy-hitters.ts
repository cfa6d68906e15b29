/**
 * Counts by name in bounded memory (Space-Saving, Metwally et al. 2005). Up to `capacity` names every count is exact. Beyond
 * it the name with the least count makes room, and the new one takes its count over as its error: the true count lies
 * between `count - error` and `count`, and every name with more than (total / capacity) requests is there.
 */
export class HeavyHitters {
  /** By slot, as are `counts` and `errors`. */
  readonly names: string[] = []
  readonly counts: number[] = []
  readonly errors: number[] = []
  readonly #slots = new Map<string, number>()
  readonly #capacity: number
  readonly #onNew: (slot: number) => void
  /** A heap with the least count at its top. It is made when the first name has to go. */
  #heap: number[] = []
  #places: number[] = []

  /** `onNew` is told of a slot that begins to stand for another name. */
  constructor(capacity: number, onNew: (slot: number) => void = () => {}) {
    this.#capacity = capacity
    this.#onNew = onNew
  }

  get isExact(): boolean {
    return this.#heap.length === 0
  }

  /** Counts one more, and gives the slot of the name. */
  add(name: string): number {
    const known = this.#slots.get(name)
    if (known !== undefined) {
      this.counts[known] = (this.counts[known] as number) + 1
      if (this.#heap.length > 0) this.#sink(this.#places[known] as number)
      return known
    }
    return this.names.length < this.#capacity ? this.#append(name) : this.#replace(name)
  }

  /** The true count is not below this, and not above `counts`. */
  least(slot: number): number {
    return (this.counts[slot] as number) - (this.errors[slot] as number)
  }

  /** The slots that have the most at least, greatest first. */
  largest(most: number): readonly number[] {
    return greatestSlots(this.names.length, (slot) => this.least(slot), most)
  }

  #append(name: string): number {
    const slot = this.names.push(name) - 1
    this.counts.push(1)
    this.errors.push(0)
    this.#slots.set(name, slot)
    this.#onNew(slot)
    return slot
  }

  #replace(name: string): number {
    if (this.#heap.length === 0) this.#makeHeap()
    const slot = this.#heap[0] as number
    const least = this.counts[slot] as number
    this.#slots.delete(this.names[slot] as string)
    this.#slots.set(name, slot)
    this.names[slot] = name
    this.errors[slot] = least
    this.counts[slot] = least + 1
    this.#sink(0)
    this.#onNew(slot)
    return slot
  }

  #makeHeap(): void {
    this.#heap = this.names.map((_, slot) => slot)
    this.#places = [...this.#heap]
    for (let place = (this.#heap.length >> 1) - 1; place >= 0; place--) this.#sink(place)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const slot = heap[from] as number
    const count = this.counts[slot] as number
    let place = from
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      const lesser = child + 1 < heap.length && this.#countAt(child + 1) < this.#countAt(child) ? child + 1 : child
      if (this.#countAt(lesser) >= count) break
      this.#put(place, heap[lesser] as number)
      place = lesser
    }
    this.#put(place, slot)
  }

  #countAt(place: number): number {
    return this.counts[this.#heap[place] as number] as number
  }

  #put(place: number, slot: number): void {
    this.#heap[place] = slot
    this.#places[slot] = place
  }
}

/** The slots with the greatest values above 0, greatest first. */
export function greatestSlots(size: number, measure: (slot: number) => number, most: number): readonly number[] {
  const found: number[] = []
  const values: number[] = []
  for (let slot = 0; slot < size; slot++) {
    const value = measure(slot)
    if (value <= 0 || (found.length === most && value <= (values[most - 1] as number))) continue
    let place = found.length
    while (place > 0 && (values[place - 1] as number) < value) place--
    found.splice(place, 0, slot)
    values.splice(place, 0, value)
    if (found.length > most) {
      found.pop()
      values.pop()
    }
  }
  return found
}
