import { redisReplayStore } from 'onbehalf/redis'
import type { TestClock } from 'onbehalf/testing'
import { clusterLibraries, libraries, type RedisServer } from '../redis/servers.ts'
import { until } from '../support/services.ts'

/** The clock of the machine, which nothing moves. */
export function realClock(): TestClock {
  return { now: () => Date.now(), monotonic: () => performance.now(), advance: () => {}, step: () => {} }
}

/** An empty server refuses proofs for a while. One that is aged has forgotten nothing for a minute. */
export async function ageServers(servers: readonly RedisServer[]): Promise<void> {
  const ports = servers.map(({ port }) => port)
  const [first = 0] = ports
  const open = ports.length > 1 ? clusterLibraries['ioredis 6'](ports) : libraries['ioredis 6'](first)
  const { client, close } = await open
  const clock = { ...realClock(), now: () => Date.now() - 60_000 }
  // On a busy machine five seconds can be too short.
  await until(() => redisReplayStore({ client, clock }).then(isMade, isNotMade), 30_000)
  close()
}

const isMade = () => true
const isNotMade = () => false
