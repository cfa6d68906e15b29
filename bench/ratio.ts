/** Two ways to handle the same input. */
export interface Pair {
  readonly raw: () => void
  readonly ours: () => void
}

/** The median, over batches, of our time to the raw time; the two take turns in going first. */
export function ratioOf(
  pairs: readonly Pair[],
  batchSize: number,
  warmUpBatches: number,
): { ratio: number; raw: readonly number[] } {
  const ratios: number[] = []
  for (let batch = 0; (batch + 1) * batchSize <= pairs.length; batch++) {
    const part = pairs.slice(batch * batchSize, (batch + 1) * batchSize)
    const oursFirst = batch % 2 === 0
    const first = time(part, oursFirst ? 'ours' : 'raw')
    const second = time(part, oursFirst ? 'raw' : 'ours')
    if (batch >= warmUpBatches) ratios.push(oursFirst ? first / second : second / first)
  }
  return { ratio: median(ratios), raw: ratios }
}

function time(pairs: readonly Pair[], side: 'raw' | 'ours'): number {
  const start = process.hrtime.bigint()
  for (const pair of pairs) pair[side]()
  return Number(process.hrtime.bigint() - start)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
