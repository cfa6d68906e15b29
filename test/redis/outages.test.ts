import { randomBytes } from 'node:crypto'
import { createVerifier, type Verifier } from 'onbehalf'
import { type RedisReplayOptions, type RedisReplayStore, redisReplayStore } from 'onbehalf/redis'
import { createTestClock, type TestClock } from 'onbehalf/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createKit, type Kit } from '../support/kit.ts'
import { describeWithService, until } from '../support/services.ts'
import { describedReplay } from './described.ts'
import { type Family, families, libraries, type RedisServer, startRedis } from './servers.ts'

const key = () => randomBytes(32).toString('base64url')

interface Setup {
  readonly server: RedisServer
  readonly store: RedisReplayStore
  readonly clock: TestClock
  /** Another process, as far as Redis can tell. */
  open(options?: Partial<RedisReplayOptions>): Promise<RedisReplayStore>
}

async function setUp(library: Family, options: Partial<RedisReplayOptions> = {}): Promise<Setup> {
  const server = await startRedis()
  onTestFinished(() => server.remove())
  const clock = createTestClock()
  async function open(more: Partial<RedisReplayOptions> = {}): Promise<RedisReplayStore> {
    const { client, close } = await libraries[library](server.port)
    onTestFinished(close)
    return redisReplayStore({ client, clock, ...options, ...more })
  }
  return { server, store: await open(), clock, open }
}

/** Undefined where it gives no word. */
async function use(store: RedisReplayStore, name: string): Promise<string | undefined> {
  const answer = await store.add(name, 75_000).catch(() => undefined)
  return typeof answer === 'object' ? answer.answer : answer
}

async function completeSince(store: RedisReplayStore): Promise<number> {
  const answer = await store.add(key(), 75_000)
  return typeof answer === 'object' ? answer.completeSince : Number.NaN
}

async function kitWith({ store, clock }: Setup): Promise<Kit & { readonly guarded: Verifier }> {
  const kit = await createKit({ issuer: { clock } })
  return { ...kit, guarded: kit.verifierWith({ dpop: { replay: store } }) }
}

/** For these, asking takes long enough on a busy machine. */
const patient = { timeoutMs: 5_000 } as const

describeWithService('redis-server', 'a Redis that fails', () => {
  describe.each(families)('%s', (library) => {
    test.each(['FLUSHALL', 'a restart'])(
      'REPLAY: after %s no proof passes that could have been used before',
      async (how) => {
        const setup = await setUp(library, patient)
        const { server, store, clock, open } = setup
        clock.advance(20)
        const kit = await kitWith(setup)
        const used = await kit.request()
        expect((await kit.guarded.check(used)).ok).toBe(true)
        if (how === 'FLUSHALL') await server.cli('flushall')
        else {
          await server.kill()
          await server.restart()
          await until(async () => (await use(store, key())) !== undefined)
        }
        const again = await kit.guarded.check(used)
        expect(again.ok ? 'admitted' : again.refusal.code).toBe('replay_unavailable')
        const later = kit.verifierWith({ dpop: { replay: await open() } })
        expect(await kit.code({ verifier: later })).toBe('replay_unavailable')
        // futureSeconds and 5 s more.
        clock.advance(16)
        expect(await kit.code({ verifier: kit.guarded })).toBe('admitted')
        expect(await kit.code({ verifier: later })).toBe('admitted')
        expect(await later.check(used)).toMatchObject({ ok: false, refusal: { code: 'proof_replayed' } })
      },
    )

    test('REPLAY: one proof meets the loss for all tags, and every process then knows the same time', async () => {
      const { server, store, clock, open } = await setUp(library, patient)
      const first = clock.now()
      clock.advance(60)
      expect(await completeSince(store)).toBe(first)
      await server.cli('flushall')
      const lost = clock.now()
      expect(await completeSince(store)).toBe(lost)
      await until(async () => (await server.cli('dbsize')) === '257')
      clock.advance(60)
      await until(async () => (await server.cli('--scan', '--pattern', '*epoch')).split('\n').length === 256)
      for (let at = 0; at < 40; at++) expect(await completeSince(store)).toBe(lost)
      expect(await completeSince(await open())).toBe(lost)
    })

    test('REPLAY: a mark that another process left is settled with the time of the one that reads it', async () => {
      const { server, store, clock } = await setUp(library, patient)
      clock.advance(60)
      const proof = key()
      const tag = Buffer.from(proof, 'base64url').toString('hex').slice(0, 2)
      await server.cli('set', `onbehalf:{${tag}}epoch`, '?left')
      expect(await store.add(proof, 75_000)).toEqual({ answer: 'fresh', completeSince: clock.now() })
      await until(async () => (await server.cli('get', `onbehalf:{${tag}}epoch`)).startsWith(`${clock.now()}.`))
    })

    test('REPLAY: a server that stands still answers nothing in time, and the breaker opens, probes and closes', async () => {
      const { server, store, clock } = await setUp(library, { timeoutMs: 60, breaker: { failures: 3, openMs: 500 } })
      server.signal('SIGSTOP')
      onTestFinished(() => server.signal('SIGCONT'))
      for (let at = 0; at < 3; at++) expect(await use(store, key())).toBe(undefined)
      expect(store.health()).toEqual({ state: 'open', lastError: expect.any(String) })
      const start = performance.now()
      for (let at = 0; at < 100; at++) expect(await use(store, key())).toBe(undefined)
      expect((performance.now() - start) / 100).toBeLessThan(5)
      clock.advance(1)
      const probe = use(store, key())
      expect(store.health().state).toBe('probing')
      expect(await use(store, key())).toBe(undefined)
      expect(await probe).toBe(undefined)
      expect(store.health().state).toBe('open')
      server.signal('SIGCONT')
      await until(async () => {
        clock.advance(1)
        return (await use(store, key())) === 'fresh'
      })
      expect(store.health().state).toBe('ready')
    })

    test('REPLAY: an answer that comes too late is dropped, and its proof is used up', async () => {
      const { server, store } = await setUp(library, { timeoutMs: 100, breaker: { failures: 1_000 } })
      const proof = key()
      await server.cli('client', 'pause', '400')
      expect(await use(store, proof)).toBe(undefined)
      await until(async () => (await use(store, key())) === 'fresh')
      expect(await use(store, proof)).toBe('seen')
    })

    test('REPLAY: a killed server is no word, and one that is back is asked again', async () => {
      const setup = await setUp(library, { breaker: { failures: 2, openMs: 1 } })
      const { server, store, clock } = setup
      const kit = await kitWith(setup)
      await server.kill()
      for (let at = 0; at < 4; at++) {
        clock.advance(1)
        const verdict = await kit.guarded.check(await kit.request())
        expect(verdict).toMatchObject({ ok: false, refusal: { code: 'replay_unavailable', status: 503 } })
        expect(!verdict.ok && verdict.refusal.headers.some(([name]) => name === 'Retry-After')).toBe(true)
      }
      const health = kit.guarded.health().replay
      expect(health).toEqual({ store: 'redis', state: expect.any(String), lastError: expect.any(String) })
      expect(JSON.stringify(health)).not.toMatch(/127\.0\.0\.1|localhost|\d{4}/)
      await server.restart()
      await until(async () => {
        clock.advance(1)
        return (await use(store, key())) === 'fresh'
      })
    })

    test.each([
      ['replicaof', '127.0.0.1 1'],
      ['maxmemory', '1'],
      ['min-replicas-to-write', '1'],
    ] as const)('REPLAY: with %s set meanwhile the server takes no proof, and that is no word', async (name, value) => {
      const { server, store } = await setUp(library, { ...patient, breaker: { failures: 1_000 } })
      if (name === 'replicaof') await server.cli('replicaof', ...value.split(' '))
      else await server.cli('config', 'set', name, value)
      for (let at = 0; at < 3; at++) expect(await use(store, key())).toBe(undefined)
      expect(store.health().lastError).toMatch(/^Redis answered (?:READONLY|OOM|NOREPLICAS|MASTERDOWN)$/)
    })

    test('REPLAY: a server that asks for a password meanwhile is no word, and nothing of it is told', async () => {
      const { server, store } = await setUp(library, { timeoutMs: 200, breaker: { failures: 1_000 } })
      await server.cli('config', 'set', 'requirepass', 'a-password-of-the-tests')
      await server.cli('-a', 'a-password-of-the-tests', 'client', 'kill', 'type', 'normal')
      for (let at = 0; at < 3; at++) expect(await use(store, key())).toBe(undefined)
      expect(store.health().lastError).not.toMatch(/127\.0\.0\.1|password/)
    })

    test('REPLAY: keys of another type are no word', async () => {
      const { server, store } = await setUp(library, patient)
      const proof = key()
      const tag = Buffer.from(proof, 'base64url').toString('hex').slice(0, 2)
      await server.cli('del', `onbehalf:{${tag}}epoch`)
      await server.cli('rpush', `onbehalf:{${tag}}epoch`, '1')
      expect(await use(store, proof)).toBe(undefined)
      await server.cli('set', `onbehalf:{${tag}}epoch`, '1')
      const answer = await store.add(key().replace(/^../, proof.slice(0, 2)), 75_000)
      expect(answer).toMatchObject({ answer: 'fresh' })
    })

    test('REPLAY: `wait` needs the replicas it names', async () => {
      const { server, open } = await setUp(library, patient)
      await expect(open({ wait: { replicas: 1, ms: 50 } })).rejects.toThrow()
      const replica = await startRedis('--replicaof', '127.0.0.1', String(server.port))
      onTestFinished(() => replica.remove())
      await until(async () => (await replica.cli('info', 'replication')).includes('master_link_status:up'))
      const store = await open({ wait: { replicas: 1, ms: 2_000 } })
      const proof = key()
      expect(await use(store, proof)).toBe('fresh')
      expect(await replica.cli('--scan', '--pattern', `*${proof}`)).toContain(proof)
      await replica.kill()
      expect(await use(store, key())).toBe(undefined)
    })
  })

  test('REPLAY: the description says what is shared, and what a fail-over can lose', async () => {
    const { store } = await setUp('redis 6', patient)
    expect(describedReplay(store)).toMatchObject({ store: 'redis', scope: 'shared', capacity: null })
    expect(describedReplay(store).notes.join(' ')).toMatch(/fail-over/)
    expect(describedReplay(store).notes.join(' ')).toMatch(/\b15 s\b/)
    const own = createVerifier({
      issuer: 'https://as.example.test',
      resource: 'https://api.example.test',
      dpop: { replay: store },
    })
    expect(own.health().replay).toEqual({ store: 'redis', state: 'ready' })
  })
})
