/**
 * How much each client holds, in fixed memory however many clients there are (a count-min sketch). A count is never too
 * low; it is too high only for a client that meets, in each of the rows, another one that holds as much.
 */
export type Tally = Uint32Array

/** One place in each row. */
export type Cells = Uint16Array

const rows = 4
const columns = 1_024

export function createTally(): Tally {
  return new Uint32Array(rows * columns)
}

export function addTo(tally: Tally, cells: Cells): void {
  for (let row = 0; row < rows; row++) {
    const at = cells[row] as number
    tally[at] = (tally[at] as number) + 1
  }
}

/** An upper bound, most often exact, of what a client holds in all of them. */
export function countIn(tallies: readonly Tally[], cells: Cells): number {
  let least = Number.POSITIVE_INFINITY
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (const tally of tallies) sum += tally[cells[row] as number] as number
    least = Math.min(least, sum)
  }
  return least
}

/** Where a client is counted, by a digest of its name: each word gives the column of one row. */
export function cellsOf(digest: Int32Array): Cells {
  return Uint16Array.from({ length: rows }, (_, row) => row * columns + ((digest[row] as number) & (columns - 1)))
}
