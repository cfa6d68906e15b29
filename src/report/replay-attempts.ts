import { HeavyHitters } from './heavy-hitters.ts'
import { boundedName } from './party-code.ts'

const hourMs = 3_600_000
const hoursOfDay = 24
/** Clients that are counted one by one. */
const mostClients = 1_000

/** Replayed proofs of each client, in all and by the hour. */
export class ReplayAttempts {
  readonly clients: HeavyHitters
  attempts = 0
  readonly #all = new HourlyCounts()
  readonly #hours: HourlyCounts[] = []

  constructor() {
    this.clients = new HeavyHitters(mostClients, (slot) => {
      this.#hours[slot] = new HourlyCounts()
    })
  }

  count(issuer: string, client: string | null, time: number): void {
    this.attempts += 1
    this.#all.count(time)
    const name = client === null ? boundedName(issuer) : `${boundedName(issuer)}\u0000${boundedName(client)}`
    this.#hours[this.clients.add(name)]?.count(time)
  }

  /** Within the 24 hours that end with the hour of this time. */
  before(until: number): number {
    return this.#all.before(until)
  }

  ofClient(slot: number, until: number): number {
    return this.#hours[slot]?.before(until) ?? 0
  }
}

/** One count for each of 24 hours; a later hour takes the place of the one a day before. */
class HourlyCounts {
  readonly #hours: number[] = []
  readonly #counts: number[] = []

  count(time: number): void {
    const hour = Math.floor(time / hourMs)
    const place = ((hour % hoursOfDay) + hoursOfDay) % hoursOfDay
    const held = this.#hours[place]
    if (held === hour) this.#counts[place] = (this.#counts[place] ?? 0) + 1
    if (held !== undefined && held >= hour) return
    this.#hours[place] = hour
    this.#counts[place] = 1
  }

  before(until: number): number {
    const last = Math.floor(until / hourMs)
    let sum = 0
    this.#hours.forEach((hour, place) => {
      if (hour <= last && hour > last - hoursOfDay) sum += this.#counts[place] ?? 0
    })
    return sum
  }
}
