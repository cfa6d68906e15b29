import type { Flood, LoadOrder, Pace } from '../http/load.ts'
import type { Offload, ServerSetup } from '../http/server.ts'
import type { BenchAlgorithm } from '../keys.ts'
import { ask, endChild, nextMessage, startChild } from '../processes.ts'
import { medianOf } from '../ratio.ts'
import type { Depth, Measurement, Section } from '../results.ts'

/**
 * Good requests at their pace, alone and beside a client whose token is good and whose proofs are forged: first at half of
 * the rate that one core verifies, then as fast as it can over 32 connections. One server, three paces, so that the ratios
 * are of one run.
 */

const sizes: Readonly<Record<Depth, { rounds: number; seconds: number }>> = {
  check: { rounds: 1, seconds: 2 },
  full: { rounds: 2, seconds: 3 },
}
const floodConnections = 32
/** Without a flood watch: good p99 beside the flood ÷ without it, as measured before there was one. */
const before: Readonly<Record<BenchAlgorithm, number>> = { ES256: 7.9, PS256: 5.2, ES384: 8.9 }

interface Run {
  readonly alone: Pace
  readonly besideHalf: Pace
  readonly besideFull: Pace
  readonly half: Flood
  readonly full: Flood
}

export const eventLoop: Section = async (depth) => {
  const { rounds, seconds } = sizes[depth]
  const measurements: Measurement[] = []
  for (const algorithm of ['ES256', 'PS256', 'ES384'] as const) {
    for (const offload of ['never', 'adaptive'] as const) {
      const runs: Run[] = []
      for (let round = 0; round < rounds; round++) runs.push(await run(algorithm, offload, seconds))
      measurements.push(...describe(algorithm, offload, runs))
    }
  }
  return measurements
}

async function run(algorithm: BenchAlgorithm, offload: Offload, seconds: number): Promise<Run> {
  const good = startChild('http/load.js', ['https://as-good.example.test'])
  const setup = await nextMessage<ServerSetup>(good)
  const hostile = startChild('http/load.js', ['https://as-hostile.example.test'])
  const { issuers } = await nextMessage<ServerSetup>(hostile)
  const server = startChild('http/server.js', ['Express', `onbehalf ${offload}`])
  const all: ServerSetup = { ...setup, issuers: [...setup.issuers, ...issuers] }
  const port = await ask<number>(server, all)
  const paced = { do: 'pace', port, perSecond: 500 } as const
  const pace = () => ask<Pace>(good, { ...paced, seconds } satisfies LoadOrder)
  async function beside(perSecond?: number): Promise<[Pace, Flood]> {
    const flood = ask<Flood>(hostile, {
      do: 'flood',
      ...(perSecond !== undefined && { perSecond }),
    } satisfies LoadOrder)
    const result = await pace()
    hostile.send({ do: 'stop' } satisfies LoadOrder)
    return [result, await flood]
  }
  await ask(good, { ...paced, seconds: 2 } satisfies LoadOrder)
  const order = { do: 'arm', port, connections: floodConnections, algorithm } as const
  const perSecond = await ask<number>(hostile, order satisfies LoadOrder)
  const alone = await pace()
  const [besideHalf, half] = await beside(perSecond / 2)
  const [besideFull, full] = await beside()
  await Promise.all([good, hostile, server].map(endChild))
  return { alone, besideHalf, besideFull, half, full }
}

function describe(algorithm: BenchAlgorithm, offload: Offload, runs: readonly Run[]): readonly Measurement[] {
  const name = `good p99, forged ${algorithm}${sizeOf[algorithm]}, offload ${offload}`
  return [
    {
      ...ratios(`${name}: at half of one core ÷ alone`, runs, 'besideHalf', 'half'),
      ...(offload === 'adaptive' && { target: { max: 2 } }),
    },
    {
      ...ratios(`${name}: at full speed ÷ alone`, runs, 'besideFull', 'full'),
      ...(offload === 'adaptive' && { target: { max: before[algorithm] / 2 } }),
    },
  ]
}

function ratios(
  name: string,
  runs: readonly Run[],
  pace: 'besideHalf' | 'besideFull',
  flood: 'half' | 'full',
): Measurement {
  const raw = runs.map((one) => one[pace].p99 / one.alone.p99)
  const median = (of: (one: Run) => number) => medianOf(runs.map(of))
  const p99 = `${median((one) => one[pace].p99).toFixed(2)} ms beside ${median((one) => one.alone.p99).toFixed(2)} ms`
  const rate = `${Math.round(median((one) => one[flood].perSecond))} hostile requests refused a second`
  const cpu = `callers use ${median((one) => one[pace].cpu).toFixed(2)} and ${median((one) => one[flood].cpu).toFixed(2)} of a core`
  return { name, value: medianOf(raw), unit: 'ratio', raw, note: `${p99}; ${rate}; ${cpu}` }
}

const sizeOf: Readonly<Record<BenchAlgorithm, string>> = { ES256: '', ES384: '', PS256: ' (4 096 bits)' }
