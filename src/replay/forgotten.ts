import { fixed } from '../options/defaults.ts'

/**
 * The ends of all entries that a memory has forgotten, as intervals of milliseconds since the epoch. Of a proof that ends in
 * one of them, the memory cannot say whether it saw it. There are 64 intervals at most: of more, the two nearest become one.
 */
export class ForgottenEnds {
  /** Sorted, and without overlap. */
  readonly #intervals: Interval[] = []

  has(end: number): boolean {
    return this.#intervals.some(({ first, last }) => first <= end && end <= last)
  }

  add(first: number, last: number): void {
    const at = this.#intervals.findIndex((interval) => interval.first > first)
    this.#intervals.splice(at === -1 ? this.#intervals.length : at, 0, { first, last })
    this.#joinOverlapping()
    if (this.#intervals.length > fixed.forgottenIntervals) this.#join(this.#nearest())
  }

  #joinOverlapping(): void {
    for (let at = this.#intervals.length - 2; at >= 0; at--) if (this.#gapBehind(at) <= 0) this.#join(at)
  }

  #nearest(): number {
    let nearest = 0
    for (let at = 1; at < this.#intervals.length - 1; at++) {
      if (this.#gapBehind(at) < this.#gapBehind(nearest)) nearest = at
    }
    return nearest
  }

  #gapBehind(at: number): number {
    const [one, next] = [this.#intervals[at], this.#intervals[at + 1]]
    return one === undefined || next === undefined ? Number.POSITIVE_INFINITY : next.first - one.last
  }

  /** Makes the interval and the one behind it one. */
  #join(at: number): void {
    const [one, next] = this.#intervals.splice(at, 2)
    if (one === undefined || next === undefined) return
    this.#intervals.splice(at, 0, { first: one.first, last: Math.max(one.last, next.last) })
  }
}

interface Interval {
  readonly first: number
  readonly last: number
}
