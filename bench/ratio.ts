/** Two ways to handle the same input. */
export interface Pair {
  readonly raw: () => void
  readonly ours: () => void
}

/**
 * The median, over batches, of our median time to the raw median time. Within a batch each side handles all inputs in a
 * row, the two taking turns in going first; medians leave out the inputs during which the machine did something else.
 */
export function ratioOf(
  pairs: readonly Pair[],
  batchSize: number,
  warmUpBatches: number,
): { ratio: number; raw: readonly number[] } {
  const ratios: number[] = []
  for (let batch = 0; (batch + 1) * batchSize <= pairs.length; batch++) {
    const part = pairs.slice(batch * batchSize, (batch + 1) * batchSize)
    const median = { raw: 0, ours: 0 }
    const order = batch % 2 === 0 ? (['raw', 'ours'] as const) : (['ours', 'raw'] as const)
    for (const side of order) median[side] = medianOf(part.map((pair) => time(pair[side])))
    if (batch >= warmUpBatches) ratios.push(median.ours / median.raw)
  }
  return { ratio: medianOf(ratios), raw: ratios }
}

function time(run: () => void): number {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start)
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
