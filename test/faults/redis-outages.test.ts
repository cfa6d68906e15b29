import { expect, onTestFinished, test } from 'vitest'
import { families, libraries, type RedisServer, startRedis } from '../redis/servers.ts'
import { describeWithService } from '../support/services.ts'
import { type Outage, reportOutage, suffer } from './redis-outage.ts'
import { ageServers } from './redis-times.ts'
import { isFull } from './size.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const seconds = isFull ? 30 : 1.5
/** The usual ten seconds make a recovery from lost data take fifteen. */
const futureSeconds = isFull ? 10 : 1

interface Scene {
  readonly server: RedisServer
  readonly line: TcpProxy
}

interface Case {
  readonly how: string
  readonly settings?: readonly string[]
  readonly survives: boolean
  readonly outage: (scene: Scene) => Outage
}

const cases: readonly Case[] = [
  {
    how: 'killed, with its data on disk',
    settings: ['--appendonly', 'yes'],
    survives: true,
    outage: ({ server }) => ({ begin: server.kill, end: server.restart }),
  },
  {
    how: 'stopped',
    survives: true,
    outage: ({ server }) => ({ begin: () => server.signal('SIGSTOP'), end: () => server.signal('SIGCONT') }),
  },
  { how: 'black-holed', survives: true, outage: ({ line }) => ({ begin: line.swallow, end: line.heal }) },
  {
    how: 'five seconds late',
    survives: true,
    outage: ({ line }) => ({ begin: () => line.delay(5_000), end: line.heal }),
  },
  {
    how: 'killed, and restarted empty',
    survives: false,
    outage: ({ server }) => ({ begin: server.kill, end: server.restart }),
  },
]

/** `redis` and `ioredis` are two processes that share it. */
describeWithService('redis-server', 'Redis is down under 500 requests a second', () => {
  test.each(cases)(
    'REPLAY: $how: 503 at once, no replay, and soon as before',
    async ({ how, settings = [], survives, outage }) => {
      const server = await startRedis(...settings)
      onTestFinished(() => server.remove())
      await ageServers([server])
      const line = await startTcpProxy(server.port)
      onTestFinished(line.close)
      const clients = await Promise.all(families.map((library) => libraries[library](line.port)))
      onTestFinished(() => {
        for (const { close } of clients) close()
      })
      const settleMs = survives ? 2_000 : (futureSeconds + 7) * 1_000
      const scene = outage({ server, line })
      const suffered = await suffer({ clients, outage: scene, seconds, futureSeconds, settleMs })
      reportOutage(how, suffered)
      expect(suffered.replays).toBe(0)
      expect(suffered.unhandled).toBe(0)
      expect(suffered.outcomes.certificate).toEqual(['admitted'])
      expect(suffered.outcomes.new).toEqual(['admitted', 'replay_unavailable'])
      for (const outcome of suffered.outcomes.again) {
        expect(['admitted', 'proof_replayed', 'replay_unavailable']).toContain(outcome)
      }
      const refused = suffered.during.filter(({ outcome }) => outcome === 'replay_unavailable')
      expect(refused.length).toBeGreaterThan(0)
      expect(refused.every(({ hasRetryAfter }) => hasRetryAfter)).toBe(true)
      expect(suffered.openMs.count).toBeGreaterThan(0)
      expect(suffered.admitsAgain).toEqual(clients.map(() => true))
      if (!isFull) return
      for (const ms of suffered.recoveredMs) expect(ms).toBeLessThan(settleMs)
      expect(suffered.openMs.median).toBeLessThan(5)
      expect(suffered.openMs.p99).toBeLessThan(50)
    },
    240_000,
  )
})
