/**
 * How much each client holds, in fixed memory however many clients there are (a count-min sketch). A count is never too
 * low; it is too high only for a client that meets, in each of the rows, another one that holds as much.
 */
export interface Tally {
  add(cells: Cells): void
  /** An upper bound, most often exact. */
  count(cells: Cells): number
  /** Takes away what another tally has counted. */
  subtract(other: Tally): void
  /** @internal */
  readonly counters: Uint32Array
}

/** One place in each row. */
export type Cells = Uint16Array

const rows = 4
const columns = 1_024

export function createTally(): Tally {
  const counters = new Uint32Array(rows * columns)
  return {
    add(cells) {
      for (let row = 0; row < rows; row++) {
        const at = cells[row] as number
        counters[at] = (counters[at] as number) + 1
      }
    },
    count(cells) {
      let least = Number.POSITIVE_INFINITY
      for (let row = 0; row < rows; row++) least = Math.min(least, counters[cells[row] as number] as number)
      return least
    },
    subtract(other) {
      for (let at = 0; at < counters.length; at++) {
        counters[at] = (counters[at] as number) - (other.counters[at] as number)
      }
    },
    counters,
  }
}

/** Where a client is counted, by a digest of its name: each word gives the column of one row. */
export function cellsOf(digest: Int32Array): Cells {
  return Uint16Array.from({ length: rows }, (_, row) => row * columns + ((digest[row] as number) & (columns - 1)))
}
