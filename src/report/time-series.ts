const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Each divides the next, so that stretches can be added up without loss. */
const widths = [5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 7 * day, 28 * day, 364 * day]

/** More stretches than these are added up to longer ones. */
const mostStretches = 96

/** Counts over time: exact, in at most 96 stretches, which grow longer as time goes on. */
export class TimeSeries {
  readonly #size: number
  #widthMs: number = 5 * minute
  #stretches = new Map<number, number[]>()
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY
  #latest: number[] = []

  /** `size`: how many counts each stretch has. */
  constructor(size: number) {
    this.#size = size
  }

  get widthMs(): number {
    return this.#widthMs
  }

  /** The counts of the stretch that this time lies in, to be added to. */
  at(time: number): number[] {
    let index = Math.floor(time / this.#widthMs)
    if (index === this.#last) return this.#latest
    while (this.#isTooWide(index)) {
      this.#widen()
      index = Math.floor(time / this.#widthMs)
    }
    this.#first = Math.min(this.#first, index)
    this.#last = Math.max(this.#last, index)
    const counts = this.#countsOf(this.#stretches, index)
    if (index === this.#last) this.#latest = counts
    return counts
  }

  /** In the order of time. */
  stretches(): readonly { readonly start: number; readonly counts: readonly number[] }[] {
    return [...this.#stretches]
      .sort(([a], [b]) => a - b)
      .map(([index, counts]) => ({ start: index * this.#widthMs, counts }))
  }

  #isTooWide(index: number): boolean {
    return Math.max(this.#last, index) - Math.min(this.#first, index) >= mostStretches
  }

  #widen(): void {
    const next = widths.find((width) => width > this.#widthMs) ?? this.#widthMs * 2
    const factor = next / this.#widthMs
    const wider = new Map<number, number[]>()
    for (const [index, counts] of this.#stretches) {
      const sums = this.#countsOf(wider, Math.floor(index / factor))
      for (let at = 0; at < counts.length; at++) sums[at] = (sums[at] as number) + (counts[at] as number)
    }
    this.#stretches = wider
    this.#widthMs = next
    this.#first = Math.floor(this.#first / factor)
    this.#last = Math.floor(this.#last / factor)
    this.#latest = this.#countsOf(wider, this.#last)
  }

  #countsOf(stretches: Map<number, number[]>, index: number): number[] {
    const known = stretches.get(index)
    if (known !== undefined) return known
    const fresh = new Array<number>(this.#size).fill(0)
    stretches.set(index, fresh)
    return fresh
  }
}
