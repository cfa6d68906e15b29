import { randomBytes } from 'node:crypto'
import { type RedisReplayOptions, type RedisReplayStore, redisReplayStore } from 'onbehalf/redis'
import { replayStoreContract } from 'onbehalf/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { describeWithService } from '../support/services.ts'
import { notesOf } from './described.ts'
import { families, type Library, libraries, type RedisServer, startRedis } from './servers.ts'

const all = Object.keys(libraries) as Library[]
const key = () => randomBytes(32).toString('base64url')

describeWithService('redis-server', 'a replay memory in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.remove())

  async function open(library: Library, options: Partial<RedisReplayOptions> = {}): Promise<RedisReplayStore> {
    const { client, close } = await libraries[library](server.port)
    onTestFinished(close)
    // Beside other suites on few cores the usual time is too short.
    return redisReplayStore({ client, timeoutMs: 5_000, ...options })
  }

  describe.each(all)('%s', (library) => {
    replayStoreContract(
      async (fault) => {
        const prefix = `contract-${randomBytes(4).toString('hex')}:`
        if (fault === undefined) return open(library, { prefix })
        const own = await startRedis()
        const { client, close } = await libraries[library](own.port)
        const store = await redisReplayStore({ client, prefix })
        onTestFinished(async () => {
          close()
          await own.remove()
        })
        if (fault === 'hang') own.signal('SIGSTOP')
        else await own.cli('config', 'set', 'maxmemory', '1')
        return store
      },
      { test, expect },
    )

    test('REPLAY: of 500 uses of one proof by each of two clients at the same time exactly one is new', async () => {
      const stores = await Promise.all([open(library), open(library)])
      for (let round = 0; round < 5; round++) {
        const proof = key()
        const uses = stores.flatMap((store) => Array.from({ length: 500 }, () => store.add(proof, 75_000)))
        const answers = (await Promise.all(uses)).map((answer) => (answer as { answer: string }).answer)
        expect(answers.filter((answer) => answer === 'fresh')).toEqual(['fresh'])
        expect(new Set(answers)).toEqual(new Set(['fresh', 'seen']))
      }
    })
  })

  test('REPLAY: the libraries share one memory', async () => {
    const stores = await Promise.all(all.map((library) => open(library)))
    const proof = key()
    const answers: string[] = []
    for (const store of stores) answers.push(((await store.add(proof, 75_000)) as { answer: string }).answer)
    expect(answers).toEqual(['fresh', 'seen', 'seen', 'seen', 'seen'])
  })

  test('REPLAY: a call that the client sends again, because it lost the answer, is one use', async () => {
    const { client, close } = await libraries['ioredis 6'](server.port)
    onTestFinished(close)
    if (!('call' in client)) throw new Error('this is a client of ioredis')
    const twice = {
      async call(command: string, ...args: string[]) {
        await client.call(command, ...args)
        return client.call(command, ...args)
      },
      pipeline: client.pipeline.bind(client),
    }
    const store = await redisReplayStore({ client: twice, timeoutMs: 5_000 })
    const proof = key()
    expect(await store.add(proof, 75_000)).toMatchObject({ answer: 'fresh' })
    expect(await store.add(proof, 75_000)).toMatchObject({ answer: 'seen' })
  })

  test('REPLAY: two prefixes are two memories', async () => {
    const [one, other] = await Promise.all(['one:', 'other:'].map((prefix) => open('redis 6', { prefix })))
    const proof = key()
    expect(await one?.add(proof, 75_000)).toMatchObject({ answer: 'fresh' })
    expect(await other?.add(proof, 75_000)).toMatchObject({ answer: 'fresh' })
  })

  test('REPLAY: keys have one length and hold nothing but prefix and digest, and every proof has an end', async () => {
    const store = await open('redis 6', { prefix: 'shape:' })
    await Promise.all(Array.from({ length: 50 }, () => store.add(key(), 75_000)))
    const keys = (await server.cli('--scan', '--pattern', 'shape:*')).split('\n')
    const proofs = keys.filter((name) => !name.endsWith('epoch'))
    expect(keys).toHaveLength(256 + 50)
    for (const name of proofs) expect(name).toMatch(/^shape:\{[0-9a-f]{2}\}[\w-]{43}$/)
    const left = Number(await server.cli('pttl', proofs[0] as string))
    expect(left).toBeGreaterThan(60_000)
    expect(left).toBeLessThanOrEqual(75_000)
  })

  test.each(families)(
    'REPLAY: %s: a key that is no digest, and a lifetime that is not whole, are no use',
    async (library) => {
      const store = await open(library)
      for (const lifetimeMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(store.add(key(), lifetimeMs)).rejects.toThrow()
      }
      for (const name of ['', 'short', `${key()}A`, `{}${key().slice(2)}`]) {
        await expect(store.add(name, 1_000)).rejects.toThrow()
      }
      expect(store.health()).toEqual({ state: 'ready' })
    },
  )

  describe('what is read when the store is made', () => {
    test.each([
      { prefix: '' },
      { prefix: 'a{b}' },
      { prefix: 'a b' },
      { prefix: 'x'.repeat(65) },
      { timeoutMs: 0 },
      { breaker: { failures: 0 } },
      { breaker: { openMs: 1.5 } },
      { wait: { replicas: 0, ms: 10 } },
      { timeoutMs: 250, wait: { replicas: 1, ms: 250 } },
      { wait: { replicas: 1 } },
      { clock: () => 1 },
      { url: 'redis://127.0.0.1' },
    ])('REPLAY: %j is no option of it', async (options) => {
      const client = { sendCommand: async () => 'OK', multi: () => undefined }
      await expect(redisReplayStore({ client, ...options } as RedisReplayOptions)).rejects.toThrow(
        expect.objectContaining({ name: 'OptionsError' }),
      )
    })

    test.each([undefined, {}, { client: undefined }, { client: {} }, { client: 'redis://' }])(
      'REPLAY: %j names no client',
      async (options) => {
        await expect(redisReplayStore(options as unknown as RedisReplayOptions)).rejects.toThrow(
          expect.objectContaining({ name: 'OptionsError' }),
        )
      },
    )

    test.each(['allkeys-lru', 'volatile-ttl', 'volatile-lru', 'allkeys-random'])(
      'P21: a server with maxmemory-policy %s could forget live proofs, and is not taken',
      async (policy) => {
        await server.cli('config', 'set', 'maxmemory-policy', policy)
        onTestFinished(async () => void (await server.cli('config', 'set', 'maxmemory-policy', 'noeviction')))
        await expect(open('redis 6')).rejects.toThrow()
        await expect(open('ioredis 6')).rejects.toThrow()
      },
    )

    test('REPLAY: a replica takes no writes, and is not taken, with epochs or without', async () => {
      await open('redis 6', { prefix: 'replicated:' })
      const replica = await startRedis('--replicaof', '127.0.0.1', String(server.port))
      onTestFinished(() => replica.remove())
      const { client, close } = await libraries['redis 6'](replica.port)
      onTestFinished(close)
      await expect(redisReplayStore({ client, prefix: 'replicated:' })).rejects.toThrow()
      await expect(redisReplayStore({ client, prefix: 'unknown:' })).rejects.toThrow()
    })

    test('REPLAY: where INFO is forbidden the description says that the policy is not known', async () => {
      const own = await startRedis()
      onTestFinished(() => own.remove())
      await own.cli('acl', 'setuser', 'default', '-info', '-config')
      for (const library of families) {
        const { client, close } = await libraries[library](own.port)
        onTestFinished(close)
        const store = await redisReplayStore({ client })
        expect(await store.add(key(), 1_000)).toMatchObject({ answer: 'fresh' })
        expect(notesOf(store).some((note) => note.includes('maxmemory-policy'))).toBe(true)
      }
      expect(notesOf(await open('redis 6')).some((note) => note.includes('maxmemory-policy'))).toBe(false)
    })
  })
})
