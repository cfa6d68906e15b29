import { fixed } from '../options/defaults.ts'
import { type ClientCounts, countEntry, createClientCounts, entriesOf } from './client-counts.ts'
import type { Digest } from './digest.ts'
import { ForgottenEnds } from './forgotten.ts'

/** Entries that end within the same ten seconds; they are forgotten together. */
export interface Generation {
  readonly mark: number
  /** The earliest and the latest end of its entries by the wall clock, in milliseconds since the epoch. */
  earliestEnd: number
  latestEnd: number
  /** The latest end by the monotonic clock. */
  retainUntil: number
  size: number
  readonly clients: ClientCounts
}

const generationMs = fixed.replayBatchSeconds * 1_000

/** The live generations of one memory: how many entries there are, whose they are, and when they end. */
export class Generations {
  /** Live entries. */
  size: number = 0
  readonly forgotten: ForgottenEnds = new ForgottenEnds()
  /** Lower bound of all `latestEnd` values: it may be too early, never too late. */
  #earliestEnd = Number.POSITIVE_INFINITY
  #lastMark = 0
  readonly #bySlot = new Map<number, Generation>()
  readonly #byMark = new Map<number, Generation>()
  readonly #clients: ClientCounts[] = []

  isLive(mark: number): boolean {
    return this.#byMark.has(mark)
  }

  /** An upper bound, usually exact. */
  entriesOf(client: Digest): number {
    return entriesOf(this.#clients, client)
  }

  /** The generation of entries with this end. */
  at(expiresAt: number): Generation {
    const slot = Math.floor(expiresAt / generationMs)
    const known = this.#bySlot.get(slot)
    if (known !== undefined) return known
    const never = Number.NEGATIVE_INFINITY
    const clients = createClientCounts()
    const mark = ++this.#lastMark
    const fresh = { mark, earliestEnd: -never, latestEnd: never, retainUntil: never, size: 0, clients }
    this.#bySlot.set(slot, fresh)
    this.#byMark.set(fresh.mark, fresh)
    this.#clients.push(clients)
    return fresh
  }

  /** One more entry of that client. `monotonicEnd`: `expiresAt` by the monotonic clock. */
  count(generation: Generation, client: Digest, expiresAt: number, monotonicEnd: number): void {
    countEntry(generation.clients, client)
    generation.earliestEnd = Math.min(generation.earliestEnd, expiresAt)
    generation.latestEnd = Math.max(generation.latestEnd, expiresAt)
    generation.retainUntil = Math.max(generation.retainUntil, monotonicEnd)
    this.#earliestEnd = Math.min(this.#earliestEnd, generation.latestEnd)
    generation.size++
    this.size++
  }

  /** Both clocks must be past an end: neither a jump of the wall clock nor a suspended process shortens a life. */
  forgetPast(now: number, monotonic: number): void {
    if (!(now > this.#earliestEnd)) return
    this.#earliestEnd = Number.POSITIVE_INFINITY
    for (const [slot, generation] of this.#bySlot) {
      if (now > generation.latestEnd && monotonic > generation.retainUntil) this.#forget(slot, generation)
      else this.#earliestEnd = Math.min(this.#earliestEnd, generation.latestEnd)
    }
  }

  #forget(slot: number, { mark, earliestEnd, latestEnd, size, clients }: Generation): void {
    this.#bySlot.delete(slot)
    this.#byMark.delete(mark)
    this.#clients.splice(this.#clients.indexOf(clients), 1)
    this.size -= size
    this.forgotten.add(earliestEnd, latestEnd)
  }
}
