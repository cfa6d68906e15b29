/** Two ways to handle the same input. */
export interface Pair {
  readonly raw: () => void
  readonly ours: () => void
}

export interface Effort {
  readonly batches: number
  readonly warmUp: number
  readonly batchSize: number
  /** Inputs under one reading of the clock: more than one where a single one is hardly longer than the reading. */
  readonly perSample?: number
}

export interface Ratio {
  /** Median, over batches, of the ratio of our median time to the raw median time. */
  readonly ratio: number
  /** The same of the batches' whole times: with what the machine and the garbage collector did in between. */
  readonly whole: number
  readonly raw: readonly number[]
  /** Microseconds, of this machine and moment. */
  readonly oursMicros: number
  readonly rawMicros: number
}

/**
 * Within a batch each side handles all inputs in a row, the two taking turns in going first; medians leave out the inputs
 * during which the machine did something else. `makeBatch` runs outside the measured time.
 */
export function ratioOf(makeBatch: (size: number) => readonly Pair[], effort: Effort): Ratio {
  const { batches, warmUp, batchSize, perSample = 1 } = effort
  const medians: number[] = []
  const wholes: number[] = []
  const micros = { raw: [] as number[], ours: [] as number[] }
  for (let batch = 0; batch < warmUp + batches; batch++) {
    const pairs = makeBatch(batchSize)
    const order = batch % 2 === 0 ? (['raw', 'ours'] as const) : (['ours', 'raw'] as const)
    const median = { raw: 0, ours: 0 }
    const whole = { raw: 0, ours: 0 }
    for (const side of order) {
      const samples = timesOf(pairs, side, perSample)
      median[side] = medianOf(samples)
      whole[side] = samples.reduce((sum, time) => sum + time, 0)
    }
    if (batch < warmUp) continue
    medians.push(median.ours / median.raw)
    wholes.push(whole.ours / whole.raw)
    micros.raw.push((median.raw / perSample) * 1_000)
    micros.ours.push((median.ours / perSample) * 1_000)
  }
  return {
    ratio: medianOf(medians),
    whole: medianOf(wholes),
    raw: medians,
    oursMicros: medianOf(micros.ours),
    rawMicros: medianOf(micros.raw),
  }
}

function timesOf(pairs: readonly Pair[], side: keyof Pair, perSample: number): number[] {
  const times: number[] = []
  for (let at = 0; at < pairs.length; at += perSample) {
    const end = Math.min(at + perSample, pairs.length)
    const start = performance.now()
    for (let i = at; i < end; i++) pairs[i]?.[side]()
    times.push(performance.now() - start)
  }
  return times
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
