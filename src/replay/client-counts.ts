import type { Digest } from './digest.ts'

/**
 * How many entries each client has, in fixed memory however many clients there are (a count-min sketch). A count is never
 * too low. It is too high only for a client that shares its column with another one in every row.
 */
export type ClientCounts = Uint32Array

const rows = 4
const columns = 1_024

export function createClientCounts(): ClientCounts {
  return new Uint32Array(rows * columns)
}

/** `client`: a digest of its name; each word gives the column in one row. */
export function countEntry(counts: ClientCounts, client: Digest): void {
  for (let row = 0; row < rows; row++) {
    const at = cellOf(client, row)
    counts[at] = (counts[at] as number) + 1
  }
}

/** An upper bound, usually exact, of the entries a client has in all of them together. */
export function entriesOf(all: readonly ClientCounts[], client: Digest): number {
  let least = Number.POSITIVE_INFINITY
  for (let row = 0; row < rows; row++) {
    const at = cellOf(client, row)
    let sum = 0
    for (const counts of all) sum += counts[at] as number
    least = Math.min(least, sum)
  }
  return least
}

function cellOf({ a, b, c, d }: Digest, row: number): number {
  const word = row === 0 ? a : row === 1 ? b : row === 2 ? c : d
  return row * columns + (word & (columns - 1))
}
