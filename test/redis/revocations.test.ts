import type { Verifier } from 'onbehalf'
import { redisRevocations } from 'onbehalf/redis'
import { createTestClock } from 'onbehalf/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createKit, issuerUrl as issuer } from '../support/kit.ts'
import { describeWithService, until } from '../support/services.ts'
import { queryOf } from '../unit/revocations/query.ts'
import { alice, bob, open, openCuttable, ownServer, revokes } from './revocation-sources.ts'
import { families, type Library, libraries, type RedisServer, startRedis } from './servers.ts'

const all = Object.keys(libraries) as Library[]

async function codeOf(verifier: Verifier, kit: Awaited<ReturnType<typeof createKit>>): Promise<string> {
  return kit.code({ verifier })
}

describeWithService('redis-server', 'revocations in Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.remove())

  test.each(all)(
    'Revocation: %s: what one process revokes or forgets holds in another within a second',
    async (library) => {
      const prefix = `${library.replace(' ', '-')}:`
      const kit = await createKit()
      const { clock } = kit
      const [here, there] = await Promise.all([
        open(library, server, { prefix, clock }),
        open(library, server, { prefix, clock }),
      ])
      const verifier = kit.verifierWith({ revocation: there })
      const { actor, token } = await kit.context()
      expect(await codeOf(verifier, kit)).toBe('admitted')
      for (const revocation of [
        { issuer: token.issuer, party: actor },
        { issuer: token.issuer, party: actor.subject },
      ]) {
        await here.revoke(revocation)
        await until(async () => (await codeOf(verifier, kit)) === 'token_revoked', 1_000)
        expect([here.size, there.size]).toEqual([1, 1])
        expect(await there.forget(revocation)).toBe(true)
        await until(async () => here.size === 0 && (await codeOf(verifier, kit)) === 'admitted', 1_000)
        expect(await here.forget(revocation)).toBe(false)
      }
    },
  )

  test('Revocation: the libraries share one memory, and prefixes divide it', async () => {
    const sources = await Promise.all(all.map((library) => open(library, server)))
    const other = await open('redis 6', server, { prefix: 'other:' })
    await Promise.all(sources.map((source, at) => source.revoke({ issuer, party: `p${at}` })))
    await until(() => sources.every((source) => sources.every((_, at) => revokes(source, `p${at}`))), 1_000)
    expect(other.size).toBe(0)
  })

  test.each(families)('Revocation: %s: a process that starts later knows everything', async (library) => {
    const own = await ownServer()
    const first = await open(library, own)
    const names = ['alice', '__proto__', 'a b\n"c"', '\ud800', '😀']
    for (const party of names) await first.revoke({ issuer, party })
    await Promise.all(Array.from({ length: 2_500 }, (_, at) => first.revoke({ issuer, token: `t${at}` })))
    const later = await open(library, own)
    expect(later.size).toBe(2_505)
    for (const name of names) expect(revokes(later, name)).toBe(true)
    expect(later.isRevoked(queryOf({ issuer, tokenId: 't2499', issuedAt: 9e15 }))).toBe(true)
    expect((await own.cli('keys', '*')).split('\n').sort()).toEqual([
      'onbehalf:{revocations}entries',
      'onbehalf:{revocations}head',
    ])
  })

  describe.each(families)('%s', (library) => {
    test.each(['FLUSHALL', 'a restart'])(
      'Revocation: after %s the processes write back what they know',
      async (how) => {
        const own = await ownServer()
        const [here, there] = await Promise.all([open(library, own), open(library, own)])
        await here.revoke(alice)
        await here.revoke(bob)
        await here.forget(bob)
        await until(() => revokes(there, 'alice') === true && revokes(there, 'bob') === false)
        if (how === 'FLUSHALL') await own.cli('flushall')
        else {
          await own.kill()
          await own.restart()
        }
        await until(async () => (await own.cli('hlen', 'onbehalf:{revocations}entries')) === '1')
        const later = await open(library, own)
        for (const source of [here, there, later]) {
          expect([revokes(source, 'alice'), revokes(source, 'bob')]).toEqual([true, false])
        }
        await later.revoke(bob)
        await until(() => revokes(here, 'bob') === true && revokes(there, 'bob') === true)
      },
    )

    test('Revocation: without Redis it answers for maxStaleSeconds, and reads anew once Redis is back', async () => {
      const own = await ownServer()
      const kit = await createKit()
      const { clock } = kit
      const source = await open(library, own, { clock })
      const verifier = kit.verifierWith({ revocation: source })
      await own.kill()
      clock.advance(29)
      expect(await codeOf(verifier, kit)).toBe('admitted')
      clock.advance(2)
      expect(await codeOf(verifier, kit)).toBe('revocation_unavailable')
      expect(source.health().state).toBe('stale')
      expect(source.health().lastError ?? '').not.toContain('127.0.0.1')
      await own.restart()
      const other = await open(library, own, { clock })
      await other.revoke({ issuer: kit.trust.issuer, party: kit.agent.subject })
      await until(async () => (await codeOf(verifier, kit)) === 'token_revoked')
      expect(source.health().state).toBe('ready')
    })

    test('Revocation: without a subscriber changes still arrive within a second', async () => {
      const own = await ownServer()
      const [{ client, close }, receiver] = await Promise.all([
        libraries[library](own.port),
        libraries[library](own.port),
      ])
      const source = await redisRevocations({ client, subscriber: receiver.client })
      onTestFinished(() => {
        source.close()
        close()
      })
      receiver.close()
      const other = await open(library, own)
      await other.revoke(alice)
      await until(() => revokes(source, 'alice') === true, 1_000)
      await other.forget(alice)
      await until(() => revokes(source, 'alice') === false, 1_000)
    })

    test('Revocation: connections that the server ends are made anew, and what was missed is read', async () => {
      const own = await ownServer()
      const [here, there] = await Promise.all([open(library, own), open(library, own)])
      await own.cli('client', 'kill', 'type', 'pubsub')
      await here.revoke(alice)
      await until(() => revokes(there, 'alice') === true, 1_000)
      await own.cli('client', 'kill', 'type', 'normal')
      await until(() =>
        here.revoke(bob).then(
          () => true,
          () => false,
        ),
      )
      await until(() => revokes(there, 'bob') === true)
    })
  })
})

describeWithService('redis-server', 'processes that were cut off', () => {
  const setUp = async () => {
    const server = await ownServer()
    const clock = createTestClock()
    const { source, line } = await openCuttable(server, clock)
    return { server, clock, source, line, other: await open('ioredis 6', server, { clock }) }
  }

  test('Revocation: a message that was lost is found out', async () => {
    const { source, line, other } = await setUp()
    line.drops = true
    await other.revoke(alice)
    line.drops = false
    await other.revoke(bob)
    await until(() => revokes(source, 'alice') === true && revokes(source, 'bob') === true, 1_000)
  })

  test.each([false, true])(
    'Revocation: what was forgotten meanwhile is not written back (Redis lost everything: %s)',
    async (isLost) => {
      const { server, clock, source, line, other } = await setUp()
      await other.revoke(alice)
      await other.revoke(bob)
      await until(() => source.size === 2)
      line.isCut = true
      await other.forget(alice)
      await other.forget(bob)
      await other.revoke({ ...bob, issuedBefore: 500 })
      if (isLost) {
        await server.cli('flushall')
        await until(async () => (await server.cli('zcard', 'onbehalf:{revocations}forgotten')) === '2')
      }
      clock.advance(31)
      expect(revokes(source, 'alice')).toBe(undefined)
      line.isCut = false
      await until(() => revokes(source, 'alice') === false)
      await until(() => revokes(other, 'alice') === false)
      for (const one of [source, other]) {
        expect([one.size, revokes(one, 'bob', 499), revokes(one, 'bob', 1_000)]).toEqual([1, true, false])
      }
    },
  )

  test('Revocation: what was revoked without Redis holds here at once, and elsewhere later', async () => {
    const { source, line, other } = await setUp()
    line.isCut = true
    await expect(source.revoke(alice)).rejects.toThrow()
    await expect(source.forget({ issuer, party: 'never' })).rejects.toThrow()
    expect([revokes(source, 'alice'), revokes(other, 'alice')]).toEqual([true, false])
    await expect(source.forget(alice)).rejects.toThrow()
    expect(revokes(source, 'alice')).toBe(true)
    line.isCut = false
    await until(() => revokes(other, 'alice') === true, 1_000)
    expect(await source.forget(alice)).toBe(true)
    await until(() => revokes(other, 'alice') === false, 1_000)
  })

  test('Revocation: of two times that were given apart the later stands', async () => {
    const { source, line, other } = await setUp()
    line.isCut = true
    await expect(source.revoke({ ...alice, issuedBefore: 5_000 })).rejects.toThrow()
    await other.revoke({ ...alice, issuedBefore: 3_000 })
    line.isCut = false
    await until(() => revokes(other, 'alice', 4_999) === true, 1_000)
    expect([source, other].map((one) => revokes(one, 'alice', 5_000))).toEqual([false, false])
  })

  test('Revocation: a clock that is behind cannot undo what others did', async () => {
    const { server, other } = await setUp()
    const behind = await open('ioredis 6', server, { clock: createTestClock(1_000_000) })
    await other.revoke(alice)
    await behind.forget(alice)
    await until(() => revokes(other, 'alice') === false)
    await other.revoke(alice)
    await other.forget(alice)
    await behind.revoke(alice)
    await until(() => revokes(other, 'alice') === true && revokes(behind, 'alice') === true)
  })
})
