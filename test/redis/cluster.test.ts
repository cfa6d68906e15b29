import { randomBytes } from 'node:crypto'
import { type RedisReplayOptions, type RedisReplayStore, redisReplayStore, redisRevocations } from 'onbehalf/redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { describeWithService, until } from '../support/services.ts'
import { clusterLibraries, type Family, families, type RedisServer, startCluster } from './servers.ts'

const key = () => randomBytes(32).toString('base64url')

describeWithService('redis-server', 'a replay memory in a Redis Cluster', () => {
  let servers: readonly RedisServer[] = []
  beforeAll(async () => {
    servers = await startCluster()
  })
  afterAll(() => Promise.all(servers.map((server) => server.remove())))

  async function open(library: Family, options: Partial<RedisReplayOptions> = {}): Promise<RedisReplayStore> {
    const { client, close } = await clusterLibraries[library](servers.map(({ port }) => port))
    onTestFinished(close)
    return redisReplayStore({ client, timeoutMs: 5_000, ...options })
  }

  describe.each(families)('%s', (library) => {
    test('REPLAY: of many uses of one proof by each of two clients at the same time exactly one is new', async () => {
      const stores = await Promise.all([open(library), open(library)])
      for (let round = 0; round < 10; round++) {
        const proof = key()
        const uses = stores.flatMap((store) => Array.from({ length: 200 }, () => store.add(proof, 75_000)))
        const answers = (await Promise.all(uses)).map((answer) => (answer as { answer: string }).answer)
        expect(answers.filter((answer) => answer === 'fresh')).toEqual(['fresh'])
      }
    })

    test('REPLAY: every master holds epochs and proofs', async () => {
      const store = await open(library, { prefix: `spread-${library.slice(0, 2)}:` })
      await Promise.all(Array.from({ length: 100 }, () => store.add(key(), 75_000)))
      for (const { cli } of servers) {
        const names = (await cli('--scan', '--pattern', `spread-${library.slice(0, 2)}:*`)).split('\n')
        expect(names.some((name) => name.endsWith('epoch'))).toBe(true)
        expect(names.some((name) => !name.endsWith('epoch'))).toBe(true)
      }
    })

    test('Revocation: what one process revokes holds in another within a second', async () => {
      const [here, there] = await Promise.all(
        [1, 2].map(async () => {
          const ports = servers.map(({ port }) => port)
          const [{ client, close }, receiver] = await Promise.all([
            clusterLibraries[library](ports),
            clusterLibraries[library](ports),
          ])
          const source = await redisRevocations({
            client,
            subscriber: receiver.client,
            prefix: `${library.slice(0, 2)}:`,
          })
          onTestFinished(() => {
            source.close()
            close()
            receiver.close()
          })
          return source
        }),
      )
      await here?.revoke({ issuer: 'https://as.example.test', party: 'alice' })
      await until(() => there?.size === 1, 1_000)
    })

    test('P21: one master that may evict is enough not to take the cluster', async () => {
      const [, second] = servers
      await second?.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')
      onTestFinished(async () => void (await second?.cli('config', 'set', 'maxmemory-policy', 'noeviction')))
      await expect(open(library)).rejects.toThrow()
    })

    test('REPLAY: `wait` asks the master that has the proof', async () => {
      await expect(open(library, { wait: { replicas: 1, ms: 20 } })).rejects.toThrow(/replicas/)
    })
  })
})
