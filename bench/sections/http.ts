import type { ChildProcess } from 'node:child_process'
import type { LoadOrder } from '../http/load.ts'
import type { Framework, ServerSetup, Variant } from '../http/server.ts'
import { ask, endChild, nextMessage, startChild } from '../processes.ts'
import { medianOf } from '../ratio.ts'
import type { Depth, Measurement, Section } from '../results.ts'

/** Whole servers: one process serves, another calls. Every run has a fresh server; the order is turned round every time. */

const sizes = {
  check: { rounds: 1, warmUp: 1_000, count: 2_000 },
  full: { rounds: 6, warmUp: 4_000, count: 12_000 },
}
const variants: Readonly<Record<Framework, readonly Variant[]>> = {
  Express: ['raw', 'onbehalf never', 'onbehalf adaptive', 'onbehalf always', 'express-oauth2-jwt-bearer'],
  Fastify: ['raw', 'onbehalf never', 'onbehalf adaptive', 'onbehalf always'],
}

export const http: Section = async (depth) => {
  const load = startChild('http/load.js')
  const setup = await nextMessage<ServerSetup>(load)
  const measurements: Measurement[] = []
  for (const framework of ['Express', 'Fastify'] as const) {
    measurements.push(...describe(framework, await measure(framework, load, setup, depth)))
  }
  await endChild(load)
  return measurements
}

type Rates = ReadonlyMap<Variant, readonly number[]>

async function measure(framework: Framework, load: ChildProcess, setup: ServerSetup, depth: Depth): Promise<Rates> {
  const { rounds, ...size } = sizes[depth]
  const rates = new Map<Variant, number[]>()
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? variants[framework] : variants[framework].toReversed()
    for (const variant of order) {
      const server = startChild('http/server.js', [framework, variant])
      const port = await ask<number>(server, setup)
      const rate = await ask<number>(load, { do: 'count', port, connections: 32, ...size } satisfies LoadOrder)
      await endChild(server)
      rates.set(variant, [...(rates.get(variant) ?? []), rate])
    }
  }
  return rates
}

function describe(framework: Framework, rates: Rates): readonly Measurement[] {
  const raw = rates.get('raw') ?? []
  return [...rates].flatMap(([variant, own]): Measurement[] => {
    const name = names[variant]
    const rate = { name: `${framework}: ${name}`, value: medianOf(own), unit: 'requests/s', raw: own } as const
    if (variant === 'raw') return [rate]
    const shares = own.map((perSecond, round) => perSecond / (raw[round] ?? Number.NaN))
    const share = {
      name: `${rate.name} ÷ one raw verification`,
      value: medianOf(shares),
      unit: 'ratio',
      raw: shares,
    } as const
    return [rate, variant === 'onbehalf adaptive' ? { ...share, target: { min: 0.95 } } : share]
  })
}

const names: Readonly<Record<Variant, string>> = {
  raw: 'one raw verification',
  'onbehalf never': 'onbehalf, offload never',
  'onbehalf adaptive': 'onbehalf',
  'onbehalf always': 'onbehalf, offload always',
  'express-oauth2-jwt-bearer': 'express-oauth2-jwt-bearer',
}
