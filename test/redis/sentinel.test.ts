import { randomBytes } from 'node:crypto'
import { type RedisReplayOptions, type RedisReplayStore, redisReplayStore, redisRevocations } from 'onbehalf/redis'
import type { Revocation } from 'onbehalf/revocation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issuerUrl as issuer } from '../support/kit.ts'
import { describeWithService, until } from '../support/services.ts'
import { notesOf } from './described.ts'
import { alice, bob, revokes } from './revocation-sources.ts'
import { type SentinelServers, sentinelLibraries, startSentinel } from './sentinel-servers.ts'
import { type Family, families } from './servers.ts'

const carol: Revocation = { issuer, party: 'carol', issuedBefore: 2_000_000_000 }
const key = () => randomBytes(32).toString('base64url')

/** One fail-over for all: before it, the replica gets what is `kept` and not what is `lost`. */
describeWithService('redis-sentinel', 'Redis behind Sentinel, after a fail-over', () => {
  let servers: SentinelServers
  const closers: (() => void)[] = []
  const before = new Map<Family, Awaited<ReturnType<typeof openAll>>>()
  beforeAll(async () => {
    servers = await startSentinel()
    for (const library of families) before.set(library, await openAll(library))
    await Promise.all([...before.values()].map(({ begin }) => begin()))
    await until(async () => (await servers.replica.cli('dbsize')) === (await servers.master.cli('dbsize')))
    await servers.holdBack()
    await Promise.all([...before.values()].map(({ goOn }) => goOn()))
    await servers.failOver()
  }, 90_000)
  afterAll(async () => {
    for (const close of closers) close()
    await servers.remove()
  })

  async function openStore(library: Family, options: Partial<RedisReplayOptions> = {}): Promise<RedisReplayStore> {
    const { client, close } = await sentinelLibraries[library](servers.sentinelPort)
    closers.push(close)
    const patient = { timeoutMs: 5_000, breaker: { failures: 1_000 } }
    return redisReplayStore({ client, prefix: prefixOf(library), ...patient, ...options })
  }

  async function openSource(library: Family) {
    const [one, two] = await Promise.all([1, 2].map(() => sentinelLibraries[library](servers.sentinelPort)))
    if (one === undefined || two === undefined) throw new Error('two clients')
    const source = await redisRevocations({ client: one.client, subscriber: two.client, prefix: prefixOf(library) })
    closers.push(source.close, one.close, two.close)
    return source
  }

  async function openAll(library: Family) {
    const store = await openStore(library)
    const waiting = await openStore(library, { wait: { replicas: 1, ms: 2_000 } })
    const [here, there] = [await openSource(library), await openSource(library)]
    const [kept, lost, lostWaiting] = [key(), key(), key()]
    return {
      ...{ store, waiting, here, there, kept, lost, lostWaiting },
      async begin() {
        expect(await use(waiting, kept)).toBe('fresh')
        await here.revoke(alice)
      },
      async goOn() {
        expect(await use(store, lost)).toBe('fresh')
        expect(await use(waiting, lostWaiting)).toBe(undefined)
        await here.revoke(bob)
        await until(() => revokes(there, 'bob') === true)
      },
    }
  }

  describe.each(families)('%s', (library) => {
    const found = () => before.get(library) as Awaited<ReturnType<typeof openAll>>

    test('REPLAY: a proof that a replica has is known, and the store goes on', async () => {
      const { store, kept } = found()
      await until(async () => (await use(store, key())) === 'fresh', 30_000)
      expect(await use(store, kept)).toBe('seen')
      expect(await use(await openStore(library), kept)).toBe('seen')
    }, 60_000)

    test('REPLAY: without `wait` a proof that no replica had is accepted once more, and the notes say so', async () => {
      const { store, lost } = found()
      expect([await use(store, lost), await use(store, lost)]).toEqual(['fresh', 'seen'])
      expect(notesOf(store).some((note) => note.includes('fail-over'))).toBe(true)
    }, 60_000)

    test('REPLAY: with `wait` a proof that no replica had was not admitted, and none is without a replica', async () => {
      const { waiting } = found()
      expect(await use(waiting, key())).toBe(undefined)
      expect(waiting.health().lastError).toBe('too few replicas have the proof')
    }, 60_000)

    test('Revocation: what was revoked is known, also where the fail-over has lost it', async () => {
      const { here, there } = found()
      const entries = `${prefixOf(library)}{revocations}entries`
      await until(async () => (await servers.replica.cli('hlen', entries)) === '2', 30_000)
      const later = await openSource(library)
      for (const source of [here, there, later]) {
        expect([revokes(source, 'alice'), revokes(source, 'bob')]).toEqual([true, true])
      }
      await later.revoke(carol)
      await until(() => revokes(here, 'carol') === true && revokes(there, 'carol') === true)
    }, 60_000)
  })
})

function prefixOf(library: Family): string {
  return `${library.slice(0, 2)}:`
}

/** Undefined where it gives no word. */
async function use(store: RedisReplayStore, name: string): Promise<string | undefined> {
  const answer = await store.add(name, 75_000).catch(() => undefined)
  return typeof answer === 'object' ? answer.answer : answer
}
