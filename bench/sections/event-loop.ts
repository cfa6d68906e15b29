import type { LoadOrder, Pace } from '../http/load.ts'
import type { Offload, ServerSetup } from '../http/server.ts'
import type { BenchAlgorithm } from '../keys.ts'
import { ask, endChild, nextMessage, startChild } from '../processes.ts'
import { medianOf } from '../ratio.ts'
import type { Depth, Measurement, Section } from '../results.ts'

/** Good requests at their pace while another client, whose token is good, sends proofs that cost the most to refuse. */

const sizes: Readonly<Record<Depth, { rounds: number; seconds: number }>> = {
  check: { rounds: 1, seconds: 2 },
  full: { rounds: 3, seconds: 5 },
}
const floodConnections = 32

interface Run {
  readonly pace: Pace
  /** Hostile requests answered in a second. */
  readonly flood: number
}

export const eventLoop: Section = async (depth) => {
  const { rounds, seconds } = sizes[depth]
  const measurements: Measurement[] = []
  for (const algorithm of [undefined, 'ES256', 'PS256', 'ES384'] as const) {
    for (const offload of ['never', 'adaptive', 'always'] as const) {
      const runs: Run[] = []
      for (let round = 0; round < rounds; round++) runs.push(await run(algorithm, offload, seconds))
      measurements.push(describe(algorithm, offload, runs))
    }
  }
  return measurements
}

async function run(algorithm: BenchAlgorithm | undefined, offload: Offload, seconds: number): Promise<Run> {
  const good = startChild('http/load.js', ['https://as-good.example.test'])
  const setup = await nextMessage<ServerSetup>(good)
  const hostile = startChild('http/load.js', ['https://as-hostile.example.test'])
  const { issuers } = await nextMessage<ServerSetup>(hostile)
  const server = startChild('http/server.js', ['Express', `onbehalf ${offload}`])
  const all: ServerSetup = { ...setup, issuers: [...setup.issuers, ...issuers] }
  const port = await ask<number>(server, all)
  const paced = { do: 'pace', port, perSecond: 500 } as const
  await ask(good, { ...paced, seconds: 2 } satisfies LoadOrder)
  if (algorithm !== undefined) {
    await ask(hostile, { do: 'arm', port, connections: floodConnections, algorithm } satisfies LoadOrder)
  }
  const flood = ask<number>(hostile, { do: 'flood' } satisfies LoadOrder)
  const pace = await ask<Pace>(good, { ...paced, seconds } satisfies LoadOrder)
  hostile.send({ do: 'stop' } satisfies LoadOrder)
  const result = { pace, flood: await flood }
  await Promise.all([good, hostile, server].map(endChild))
  return result
}

function describe(algorithm: BenchAlgorithm | undefined, offload: Offload, runs: readonly Run[]): Measurement {
  const raw = runs.map(({ pace }) => pace.p99)
  const p50 = medianOf(runs.map(({ pace }) => pace.p50)).toFixed(2)
  const flood = Math.round(medianOf(runs.map((one) => one.flood)))
  const beside =
    algorithm === undefined
      ? 'no flood'
      : `${floodConnections} connections of forged ${algorithm}${sizeOf[algorithm]} proofs`
  return {
    name: `good p99, ${beside}, offload ${offload}`,
    value: medianOf(raw),
    unit: 'ms',
    raw,
    note: `median request ${p50} ms; ${flood} hostile requests refused a second`,
    // The default is what is promised.
    ...(offload === 'adaptive' && { target: { max: 25 } }),
  }
}

const sizeOf: Readonly<Record<BenchAlgorithm, string>> = { ES256: '', ES384: '', PS256: ' (4 096 bits)' }
