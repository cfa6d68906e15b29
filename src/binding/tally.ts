import { sextetAt } from '../internal/base64url.ts'

/**
 * How much each client holds, in fixed memory however many clients there are (a count-min sketch). A count is never too
 * low; it is too high only for a client that meets, in each of the rows, another one that holds as much.
 */
export interface Tally {
  add(partition: string): void
  /** An upper bound, most often exact. */
  count(partition: string): number
  /** Takes away what another tally has counted. */
  subtract(other: Tally): void
  /** @internal */
  readonly counters: Uint32Array
}

const rows = 4
const columns = 1_024

/** `partition`: a base64url digest; two of its characters name the column in each row. */
export function createTally(): Tally {
  const counters = new Uint32Array(rows * columns)
  return {
    add(partition) {
      for (let row = 0; row < rows; row++) {
        const at = cell(partition, row)
        counters[at] = (counters[at] as number) + 1
      }
    },
    count(partition) {
      let least = Number.POSITIVE_INFINITY
      for (let row = 0; row < rows; row++) least = Math.min(least, counters[cell(partition, row)] as number)
      return least
    },
    subtract(other) {
      for (const [at, value] of other.counters.entries()) counters[at] = (counters[at] as number) - value
    },
    counters,
  }
}

function cell(partition: string, row: number): number {
  const high = sextetAt(partition, 2 * row)
  const low = sextetAt(partition, 2 * row + 1)
  return row * columns + ((high << 4) | (low & 15))
}
