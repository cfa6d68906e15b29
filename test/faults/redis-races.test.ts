import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type RedisServer, startCluster, startRedis } from '../redis/servers.ts'
import { createKit, resource, url } from '../support/kit.ts'
import { describeWithService } from '../support/services.ts'
import { buildProgram, type Child, type Program } from './processes/children.ts'
import type { Entry, Heat, Outcomes } from './processes/racer.ts'
import { ageServers, realClock } from './redis-times.ts'
import { isFull } from './size.ts'

const rounds = isFull ? 100 : 5
const uses = 500

describeWithService('redis-server', 'one proof in two processes at once', () => {
  let program: Program
  let server: RedisServer
  let cluster: readonly RedisServer[] = []
  beforeAll(async () => {
    program = buildProgram('racer')
    server = await startRedis()
    cluster = await startCluster()
    await Promise.all([ageServers([server]), ageServers(cluster)])
  }, 120_000)
  afterAll(async () => {
    program.remove()
    await Promise.all([server, ...cluster].map((one) => one.remove()))
  })

  async function enter(entry: Omit<Entry, 'resource'>): Promise<Child> {
    const child = program.start()
    onTestFinished(() => child.end())
    await child.ask({ ...entry, resource })
    return child
  }

  test.each<[Entry['library'], string, () => readonly RedisServer[]]>([
    ['redis', 'one server', () => [server]],
    ['ioredis', 'one server', () => [server]],
    ['redis', 'a Cluster', () => cluster],
    ['ioredis', 'a Cluster', () => cluster],
  ])(
    'REPLAY: %s, %s: of 500 uses by each of two processes exactly one is admitted, round after round',
    async (library, _shape, servers) => {
      const kit = await createKit({ issuer: { clock: realClock() } })
      const entry = { library, ports: servers().map(({ port }) => port), issuer: kit.trust }
      const children = await Promise.all([enter(entry), enter(entry)])
      const token = await kit.token()
      for (let round = 0; round < rounds; round++) {
        const dpop = await kit.agent.proof({ method: 'GET', url, token })
        const heat: Heat = { url, headers: { authorization: `DPoP ${token}`, dpop }, uses, at: Date.now() + 20 }
        const outcomes = await Promise.all(children.map((child) => child.ask<Outcomes>(heat)))
        expect(sumOf(outcomes)).toEqual({ admitted: 1, proof_replayed: 2 * uses - 1 })
      }
    },
    isFull ? 300_000 : 60_000,
  )
})

function sumOf(all: readonly Outcomes[]): Outcomes {
  const sum: Record<string, number> = {}
  for (const outcomes of all) for (const [name, count] of Object.entries(outcomes)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
