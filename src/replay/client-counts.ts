import type { Words } from './chaskey.ts'

/**
 * How much each client holds, in fixed memory however many clients there are (a count-min sketch). A count is never too
 * low; it is too high only for a client that meets, in each of the rows, another one that holds as much.
 */
export type Tally = Uint32Array

const columns = 1_024

export function createTally(): Tally {
  return new Uint32Array(4 * columns)
}

/** `client`: a digest of its name; each word gives the column in one row. */
export function addTo(tally: Tally, client: Words): void {
  for (let row = 0; row < 4; row++) {
    const at = cell(client, row)
    tally[at] = (tally[at] as number) + 1
  }
}

/** An upper bound, most often exact, of what a client holds in all of them. */
export function countIn(tallies: readonly Tally[], client: Words): number {
  let least = Number.POSITIVE_INFINITY
  for (let row = 0; row < 4; row++) {
    const at = cell(client, row)
    let sum = 0
    for (const tally of tallies) sum += tally[at] as number
    least = Math.min(least, sum)
  }
  return least
}

function cell({ a, b, c, d }: Words, row: number): number {
  const word = row === 0 ? a : row === 1 ? b : row === 2 ? c : d
  return row * columns + (word & (columns - 1))
}
