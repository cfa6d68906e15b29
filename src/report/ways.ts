import { HeavyHitters } from './heavy-hitters.ts'
import { hashOfGroup, hashOfPrincipal } from './party-code.ts'

/** Ways from a principal to this API, and by slot what tells their principals and their groups apart. */
export class Ways {
  readonly table: HeavyHitters
  readonly #principals: number[] = []
  readonly groups: number[] = []

  constructor(maxParties: number) {
    this.table = new HeavyHitters(maxParties, (slot) => {
      const name = this.table.names[slot] as string
      this.#principals[slot] = hashOfPrincipal(name)
      this.groups[slot] = hashOfGroup(name)
    })
  }

  /** How many different principals the ways begin with. */
  countPrincipals(): number {
    const hashes = new Float64Array(this.#principals).sort()
    let count = 0
    for (let at = 0; at < hashes.length; at++) if (hashes[at] !== hashes[at - 1]) count += 1
    return count
  }
}
