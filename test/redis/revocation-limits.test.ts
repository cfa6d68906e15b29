import { OptionsError } from 'onbehalf'
import { type RedisRevocationOptions, redisRevocations } from 'onbehalf/redis'
import type { Revocation } from 'onbehalf/revocation'
import { createTestClock } from 'onbehalf/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { issuerUrl as issuer } from '../support/kit.ts'
import { describeWithService, until } from '../support/services.ts'
import { alice, bob, open, ownServer, revokes } from './revocation-sources.ts'
import { families, type Library, libraries, type RedisServer, startRedis } from './servers.ts'

describeWithService('redis-server', 'what cannot be read or held', () => {
  let server: RedisServer
  let prefix = ''
  beforeAll(async () => {
    server = await startRedis()
  })
  beforeEach(({ task }) => {
    prefix = `${task.id}:`
  })
  afterAll(() => server.remove())
  const openHere = (library: Library, options: Partial<RedisRevocationOptions> = {}) =>
    open(library, server, { prefix, ...options })

  test.each([
    'garbage',
    'a b',
    'a b\nr 1 1 ["token","i","","x"]\nx',
    'a b\nr 1 1 ["nothing","i","","x"]',
    'a b\nr 1 99999999999999999 ["token","i","","x"]',
    'a b\nf 1 0 ["token", "i","","x"]',
  ])('Revocation: after the message %j everything is read anew', async (message) => {
    const source = await openHere('redis 6')
    await source.revoke(alice)
    await server.cli(
      'hset',
      `${prefix}{revocations}entries`,
      '["subject","https://as.example.test","","bob"]',
      '7 5000',
    )
    await server.cli('publish', `${prefix}{revocations}changes`, message)
    if (message === 'a b') await server.cli('set', `${prefix}{revocations}head`, 'other')
    await until(() => revokes(source, 'bob') === true)
    expect(revokes(source, 'alice')).toBe(true)
  })

  test.each([
    ['["subject","i","","x"]', 'no entry'],
    ['["subject","i",""]', '1 1'],
    ['["subject","i","",7]', '1 1'],
    ['{}', '1 1'],
    ['text', '1 1'],
  ])('Revocation: an entry %s with the value %s counts as not up to date', async (field, value) => {
    const clock = createTestClock()
    const source = await openHere('redis 6', { clock })
    await server.cli('hset', `${prefix}{revocations}entries`, field, value)
    await server.cli('publish', `${prefix}{revocations}changes`, '?')
    await until(() => source.health().lastError !== undefined)
    expect(revokes(source, 'alice')).toBe(false)
    clock.advance(31)
    expect(revokes(source, 'alice')).toBe(undefined)
    await expect(openHere('redis 6')).rejects.toThrow('redisRevocations')
    await server.cli('hdel', `${prefix}{revocations}entries`, field)
    await until(() => revokes(source, 'alice') === false)
  })

  test('Revocation: a full memory rejects, keeps what it has, and still widens it', async () => {
    const small = await openHere('redis 6', { maxEntries: 2 })
    const usual = await openHere('ioredis 6')
    await small.revoke({ ...alice, issuedBefore: 500 })
    await small.revoke({ issuer, token: 'other' })
    await expect(small.revoke(bob)).rejects.toThrow(Error)
    expect([small.size, small.maxEntries, revokes(small, 'bob')]).toEqual([2, 2, false])
    await small.revoke(alice)
    expect(revokes(small, 'alice')).toBe(true)
    await usual.revoke(bob)
    await until(() => small.health().lastError !== undefined)
    await expect(openHere('redis 6', { maxEntries: 2 })).rejects.toThrow(Error)
  })

  test('Revocation: where Redis is full, what was refused is not held either', async () => {
    const small = await openHere('redis 6', { maxEntries: 1 })
    await server.cli('hset', `${prefix}{revocations}entries`, '["subject","i","","x"]', '1 1')
    await expect(small.revoke(alice)).rejects.toThrow(Error)
    expect([small.size, revokes(small, 'alice')]).toEqual([0, false])
  })

  test('Options: wrong and too long revocations are refused and revoke nothing', async () => {
    const source = await openHere('redis 6')
    const wrong = [{ issuer }, { issuer, token: 'x'.repeat(16_400) }, undefined, { token: 'x' }]
    for (const revocation of wrong) {
      await expect(source.revoke(revocation as Revocation)).rejects.toBeInstanceOf(OptionsError)
      await expect(source.forget(revocation as Revocation)).rejects.toBeInstanceOf(OptionsError)
    }
    expect(source.size).toBe(0)
  })

  test('Revocation: a source that was closed answers nothing, and takes nothing', async () => {
    const source = await openHere('ioredis 6')
    source.close()
    expect([revokes(source, 'alice'), source.health().state]).toEqual([undefined, 'stale'])
    await expect(source.revoke(alice)).rejects.toThrow()
    await until(async () => (await server.cli('pubsub', 'channels', `${prefix}*`)) === '')
  })

  test('Revocation: without a Redis to read there is no source', async () => {
    const dead = { call: () => Promise.reject(new Error('dead')), pipeline: () => undefined }
    const { client: subscriber, close } = await libraries['redis 6'](server.port)
    onTestFinished(close)
    await expect(redisRevocations({ client: dead, subscriber, prefix })).rejects.toThrow('redisRevocations')
    await until(async () => (await server.cli('pubsub', 'channels', `${prefix}*`)) === '')
  })
})

describeWithService('redis-server', 'what a server says of itself when a source is made', () => {
  describe.each(families)('%s', (library) => {
    test.each(['allkeys-lru', 'volatile-ttl'])(
      'Revocation: a server with maxmemory-policy %s could forget revocations, and is not taken',
      async (policy) => {
        const own = await ownServer()
        await own.cli('config', 'set', 'maxmemory-policy', policy)
        await expect(open(library, own)).rejects.toThrow('redisRevocations')
        await until(async () => (await own.cli('pubsub', 'channels', '*')) === '')
      },
    )

    test('Revocation: a replica takes no writes, and is not taken, with revocations or without', async () => {
      const own = await ownServer()
      const replica = await startRedis('--replicaof', '127.0.0.1', String(own.port))
      onTestFinished(() => replica.remove())
      await expect(open(library, replica)).rejects.toThrow('redisRevocations')
      const source = await open(library, own)
      await source.revoke(alice)
      await until(async () => (await replica.cli('exists', 'onbehalf:{revocations}entries')) === '1')
      await expect(open(library, replica)).rejects.toThrow('redisRevocations')
    })

    test('Revocation: a server that has no memory left is not taken', async () => {
      const own = await ownServer()
      await own.cli('config', 'set', 'maxmemory', '1')
      await expect(open(library, own)).rejects.toThrow('redisRevocations')
    })

    test('Revocation: the check leaves nothing in a server, and changes nothing in it', async () => {
      const own = await ownServer()
      const source = await open(library, own)
      expect(await own.cli('dbsize')).toBe('0')
      await source.revoke(alice)
      const head = await own.cli('get', 'onbehalf:{revocations}head')
      await open(library, own)
      expect(await own.cli('get', 'onbehalf:{revocations}head')).toBe(head)
    })

    test('Revocation: where INFO is forbidden a source is made all the same', async () => {
      const own = await ownServer()
      await own.cli('acl', 'setuser', 'default', '-info', '-config')
      const source = await open(library, own)
      await source.revoke(alice)
      expect(revokes(source, 'alice')).toBe(true)
    })
  })
})

describe('options', () => {
  const client = { call: async () => null, pipeline: () => undefined }
  const subscriber = { subscribe: async () => undefined, unsubscribe: async () => undefined }

  test.each<[unknown, readonly string[]]>([
    [undefined, ['redisRevocations', 'redisRevocations.client', 'redisRevocations.subscriber']],
    [{ client }, ['redisRevocations.subscriber']],
    [{ subscriber }, ['redisRevocations.client']],
    [{ client, subscriber: client }, ['redisRevocations.subscriber']],
    [{ client, subscriber: { ...client } }, ['redisRevocations.subscriber']],
    [{ client, subscriber: 7 }, ['redisRevocations.subscriber']],
    [{ client, subscriber, prefix: '{' }, ['redisRevocations.prefix']],
    [{ client, subscriber, maxStaleSeconds: 0 }, ['redisRevocations.maxStaleSeconds']],
    [{ client, subscriber, maxStaleSeconds: Number.POSITIVE_INFINITY }, ['redisRevocations.maxStaleSeconds']],
    [{ client, subscriber, maxEntries: 1_000_001 }, ['redisRevocations.maxEntries']],
    [{ client, subscriber, clock: Date.now }, ['redisRevocations.clock']],
    [{ client, subscriber, channel: 'x' }, ['redisRevocations.channel']],
  ])('Options: %o are no options of shared revocations', async (options, paths) => {
    const error: unknown = await redisRevocations(options as RedisRevocationOptions).catch((reason: unknown) => reason)
    expect(error instanceof OptionsError && error.problems.map(({ path }) => path)).toEqual(paths)
  })
})
