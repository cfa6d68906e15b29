import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { redisReplayStore } from 'onbehalf/redis'
import type { LoadOrder } from '../http/load.ts'
import type { ServerSetup, SharedVariant, Variant } from '../http/server.ts'
import { ask, endChild, nextMessage, startChild } from '../processes.ts'
import { medianOf } from '../ratio.ts'
import type { Depth, Measurement, Section } from '../results.ts'

/** One Fastify process with the memory of its own, and with a redis-server on loopback. Needs Redis; runs in turns. */

const sizes: Readonly<Record<Depth, { rounds: number; warmUp: number; count: number }>> = {
  check: { rounds: 1, warmUp: 1_000, count: 2_000 },
  full: { rounds: 7, warmUp: 3_000, count: 10_000 },
}
const memory: Variant = 'onbehalf adaptive'
const shared: readonly SharedVariant[] = ['redis', 'ioredis']

export const redis: Section = async (depth) => {
  const { rounds, ...size } = sizes[depth]
  const server = await startRedisServer()
  const load = startChild('http/load.js')
  const setup = await nextMessage<ServerSetup>(load)
  const rates = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    const variants = [memory, ...shared]
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const child = startChild('http/server.js', ['Fastify', variant, ...(variant === memory ? [] : [server.port])])
      const port = await ask<number>(child, setup)
      const rate = await ask<number>(load, { do: 'count', port, connections: 32, ...size } satisfies LoadOrder)
      await endChild(child)
      rates.set(variant, [...(rates.get(variant) ?? []), rate])
    }
  }
  await endChild(load)
  await server.end()
  return describe(rates)
}

function describe(rates: ReadonlyMap<string, readonly number[]>): readonly Measurement[] {
  const own = rates.get(memory) ?? []
  const rate = { name: 'memory of the process', value: medianOf(own), unit: 'requests/s', raw: own } as const
  const measurements: Measurement[] = [rate]
  for (const library of shared) {
    const raw = rates.get(library) ?? []
    const shares = raw.map((perSecond, round) => perSecond / (own[round] ?? Number.NaN))
    const name = `Redis, by ${library}`
    measurements.push(
      { name, value: medianOf(raw), unit: 'requests/s', raw },
      {
        name: `${name} ÷ memory of the process`,
        value: medianOf(shares),
        unit: 'ratio',
        raw: shares,
        target: { min: 0.6 },
      },
    )
  }
  return measurements
}

async function startRedisServer(): Promise<{ readonly port: string; end(): Promise<void> }> {
  const port = String(await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'onbehalf-bench-'))
  const settings = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child: ChildProcess = spawn('redis-server', settings, { cwd: folder, stdio: 'ignore' })
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error))
  const client = new Redis(Number(port), { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  await Promise.race([client.ping(), failed])
  // An empty server refuses proofs for a while: this one has forgotten nothing for a minute.
  const clock = { now: () => Date.now() - 60_000, monotonic: () => performance.now() }
  await redisReplayStore({ client, clock })
  client.disconnect()
  return {
    port,
    async end() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
