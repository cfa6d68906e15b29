import { expect, onTestFinished, test } from 'vitest'
import { type SentinelServers, sentinelLibraries, startSentinel } from '../redis/sentinel-servers.ts'
import { families } from '../redis/servers.ts'
import { describeWithService } from '../support/services.ts'
import { type Outage, reportOutage, suffer } from './redis-outage.ts'
import { ageServers } from './redis-times.ts'
import { isFull } from './size.ts'

const seconds = isFull ? 30 : 1.5
const settleMs = 2_000
/** For so long the replica gets nothing before the master dies. */
const behindMs = isFull ? 1_000 : 300

const cases = [
  { how: 'failed over to a replica that is behind', isBehind: true },
  ...(isFull ? [{ how: 'failed over to a replica that follows', isBehind: false }] : []),
] as const

/** `redis` and `ioredis` are two processes that share it. */
describeWithService('redis-sentinel', 'Redis fails over under 500 requests a second', () => {
  test.each(cases)(
    'REPLAY: $how: with `wait` no replay; without, as many as were lost',
    async ({ how, isBehind }) => {
      for (const isWaiting of [true, false]) {
        const servers = await startSentinel()
        await ageServers([servers.master])
        const clients = await Promise.all(families.map((library) => sentinelLibraries[library](servers.sentinelPort)))
        onTestFinished(async () => {
          for (const { close } of clients) close()
          await servers.remove()
        })
        const options = isWaiting ? { wait: { replicas: 1, ms: 100 } } : {}
        const suffered = await suffer({ clients, outage: failOver(servers, isBehind), seconds, options, settleMs })
        reportOutage(`${how}, ${isWaiting ? 'with' : 'without'} wait`, suffered)
        if (isWaiting) expect(suffered.replays).toBe(0)
        expect(suffered.unhandled).toBe(0)
        expect(suffered.outcomes.certificate).toEqual(['admitted'])
        expect(suffered.outcomes.new).toEqual(['admitted', 'replay_unavailable'])
        expect(suffered.admitsAgain).toEqual(clients.map(() => true))
        if (!isFull) continue
        for (const ms of suffered.recoveredMs) expect(ms).toBeLessThan(settleMs)
        expect(suffered.openMs.median).toBeLessThan(5)
        expect(suffered.openMs.p99).toBeLessThan(50)
      }
    },
    300_000,
  )
})

function failOver(servers: SentinelServers, isBehind: boolean): Outage {
  return {
    async begin() {
      if (isBehind) {
        await servers.holdBack()
        await new Promise((resolve) => setTimeout(resolve, behindMs))
      }
      await servers.failOver()
    },
    end: () => servers.rejoin(),
  }
}
