import { boundedName } from './party-code.ts'

/** Refused decisions that are remembered, so that a request with several of them counts once. */
const remembered = 8_192

/** Tells whether a request had the same outcome before. The oldest are forgotten: the events of a request lie close together. */
export class RecentDecisions {
  readonly #known = new Set<string>()
  readonly #order: string[] = []
  #next = 0

  isFirst(outcome: string, requestId: string): boolean {
    const name = `${outcome} ${boundedName(requestId)}`
    if (this.#known.has(name)) return false
    const oldest = this.#order[this.#next]
    if (oldest !== undefined) this.#known.delete(oldest)
    this.#order[this.#next] = name
    this.#next = (this.#next + 1) % remembered
    this.#known.add(name)
    return true
  }
}
