import { decodeJwt } from 'jose'
import { createVerifier } from 'onbehalf'
import { type MemoryRevocations, memoryRevocations, type Revocation } from 'onbehalf/revocation'
import { describe, expect, onTestFinished, test } from 'vitest'
import { requestDeviceCode } from '../../examples/agents/device-code.ts'
import { createDpopAgent, type DpopAgent } from '../../examples/agents/dpop-agent.ts'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { createRevocationFeed, type RevocationFeed } from '../../examples/issuer/revocation-feed.ts'
import { createRevocationMemory } from '../../examples/resource-server/revocation-memory.ts'
import { open as openRedis } from '../redis/revocation-sources.ts'
import { startRedis } from '../redis/servers.ts'
import { listen } from '../support/servers.ts'
import { describeWithService, until } from '../support/services.ts'
import { queryOf } from '../unit/revocations/query.ts'
import {
  actorTokenOf,
  ask,
  exchangeForm,
  post,
  type Sender,
  sender,
  tokenIn,
  withAssertion,
} from './issuer-requests.ts'
import { apis, errorOf, keyMetadata, registered, type Setup, setUp } from './issuer-setup.ts'
import { codeAt, createReader, follow, openStream, registerReader, startApi } from './resource-servers.ts'

const trips = { resource: apis.trips, scope: 'trip:read' }
const booking = { resource: apis.booking, scope: 'trip:book' }

/** An agent whose connections the test can cut, and keep from coming back. */
function cuttable(
  agent: DpopAgent,
): Pick<DpopAgent, 'ownToken' | 'open'> & { cut(): void; isCut: boolean; opened: number } {
  let connections = new AbortController()
  return {
    isCut: false,
    opened: 0,
    cut() {
      this.isCut = true
      connections.abort()
      connections = new AbortController()
    },
    ownToken: (request) => agent.ownToken(request),
    open(url, token, signal) {
      if (this.isCut) return Promise.reject(new Error('no route to the issuer'))
      this.opened += 1
      return agent.open(url, token, AbortSignal.any([signal, connections.signal]))
    },
  }
}

describe('issuer: revocations at resource servers', () => {
  test('Examples: a withdrawn grant ends its tokens at two APIs within a second, an open stream and an exchanged token included', async () => {
    const { running, issuer, alice, agent, tokenOfAlice } = await setUp()
    const [first, second] = [await startApi(running, trips), await startApi(running, booking)]
    await Promise.all([first.revocations.ready(), second.revocations.ready()])
    const traveller = await agent('agent-a')
    const token = await tokenOfAlice(undefined, undefined, traveller)
    const { accessToken: exchanged } = await traveller.tokenOnBehalf(token, {
      resource: apis.booking,
      scope: 'trip:book',
    })
    expect([await codeAt(first, traveller, token), await codeAt(second, traveller, exchanged)]).toEqual([
      'admitted',
      'admitted',
    ])
    const streams = [await openStream(first, traveller, token), await openStream(second, traveller, exchanged)]
    const own = (await traveller.ownToken({ resource: apis.trips, scope: 'trip:read' })).accessToken
    const untouched = await openStream(first, traveller, own)

    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    const began = performance.now()
    await until(async () => (await codeAt(first, traveller, token)) === 'token_revoked', 1_000)
    await until(async () => (await codeAt(second, traveller, exchanged)) === 'token_revoked', 1_000)
    for (const { ended } of streams) expect((await ended) - began).toBeLessThan(1_500)
    expect(await codeAt(first, traveller, own)).toBe('admitted')
    expect(await Promise.race([untouched.ended, Promise.resolve('open')])).toBe('open')
  })

  test('Examples: an agent that is revoked is refused everywhere it has a part, and hears no more itself', async () => {
    const { running, agent, tokenOfAlice } = await setUp()
    const api = await startApi(running, { resource: apis.tool, scope: 'seat:choose' })
    await api.revocations.ready()
    const [traveller, booker] = [await agent('agent-a'), await agent('booker')]
    const token = await tokenOfAlice(undefined, undefined, traveller)
    const handedOn = (await traveller.tokenOnBehalf(token, { resource: apis.booking })).accessToken
    const chain = (await booker.tokenOnBehalf(handedOn, { resource: apis.tool, scope: 'seat:choose' })).accessToken
    const stream = await openStream(api, booker, chain)
    await running.revokeAgent('agent-a')
    const began = performance.now()
    await until(async () => (await codeAt(api, booker, chain)) === 'token_revoked', 1_000)
    expect((await stream.ended) - began).toBeLessThan(1_500)
  })

  test('Examples: the grants and codes of a revoked agent end with it, also for one that is registered anew', async () => {
    const { running, issuer, agent, keyOf, alice, tokenOfAlice } = await setUp()
    const traveller = await agent('agent-a')
    await tokenOfAlice('trip:read', apis.trips, traveller)
    const allowed = await requestDeviceCode(traveller, { resource: apis.trips, scope: 'trip:read' })
    await alice.allowDevice(allowed.verificationUri, allowed.userCode)
    await running.revokeAgent('agent-a')
    expect((await alice.visit(`${issuer}/grants`)).page).toContain('no agent acts for you')
    await running.addClient({ client_id: 'agent-a', ...registered['agent-a'], ...keyMetadata(keyOf('agent-a')) })
    expect(await errorOf(allowed.token())).toBe('invalid_grant')
  })

  test('Examples: a revoked agent that is registered anew starts afresh, however often the feed is read', async () => {
    const { running } = await setUp()
    await running.revokeAgent('agent-a')
    const revocations = await follow(running)
    await revocations.ready()
    const later = Math.floor(Date.now() / 1_000) + 2
    const query = queryOf({ issuer: running.issuer, clientId: 'agent-a', issuedAt: later })
    expect(revocations.isRevoked(query)).toBe(false)
    expect(revocations.isRevoked({ ...query, issuedAt: later - 3 })).toBe(true)
  })

  test('Examples: a feed that is cut off makes an API refuse within a second, and nothing is missed when it is back', async () => {
    const { running, agent, tokenOfAlice, alice, issuer } = await setUp()
    const reader = cuttable(await createReader(running, 'reader'))
    const api = await startApi(running, { ...trips, agent: reader })
    await api.revocations.ready()
    const traveller = await agent('agent-a')
    const [token, own] = [
      await tokenOfAlice('trip:read', apis.trips, traveller),
      (await traveller.ownToken({ resource: apis.trips, scope: 'trip:read' })).accessToken,
    ]
    const stream = await openStream(api, traveller, own)
    reader.cut()
    await until(async () => (await codeAt(api, traveller, own)) === 'revocation_unavailable', 2_000)
    await stream.ended
    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    expect(await codeAt(api, traveller, token)).toBe('revocation_unavailable')
    reader.isCut = false
    await until(async () => (await codeAt(api, traveller, own)) === 'admitted', 3_000)
    expect(await codeAt(api, traveller, token)).toBe('token_revoked')
    expect(api.failures.length).toBeGreaterThan(0)
  })

  test('Examples: the next connection is complete before the token of this one ends', async () => {
    const { running } = await setUp()
    const agent = cuttable(await createReader(running, 'reader'))
    const { ownToken } = agent
    // 80 % of a second instead of 80 % of 300 seconds.
    agent.ownToken = async (request) => ({ ...(await ownToken(request)), expiresIn: 1 })
    const failures: unknown[] = []
    const revocations = await follow(running, { agent, onFailure: (error) => failures.push(error) })
    await revocations.ready()
    const query = queryOf({ issuer: running.issuer, issuedAt: Date.now() })
    const answers = new Set<boolean>()
    await until(() => {
      answers.add(revocations.isRevoked(query))
      return agent.opened >= 4
    })
    expect([...answers]).toEqual([false])
    expect(failures).toEqual([])
  })

  test('Examples: before the feed was read, every token is refused', async () => {
    const { running, agent } = await setUp()
    const reader = cuttable(await createReader(running, 'reader'))
    reader.cut()
    const api = await startApi(running, { ...trips, agent: reader })
    const traveller = await agent('agent-a')
    const own = (await traveller.ownToken({ resource: apis.trips, scope: 'trip:read' })).accessToken
    expect(await codeAt(api, traveller, own)).toBe('revocation_unavailable')
    reader.isCut = false
    await api.revocations.ready()
    expect(await codeAt(api, traveller, own)).toBe('admitted')
  })

  test('Examples: a connection that is open and silent counts as cut off, by the clock that was given', async () => {
    const { running } = await setUp()
    let time = 0
    const revocations = await follow(running, { now: () => time, maxSilenceMs: 60_000 })
    await revocations.ready()
    const query = queryOf({ issuer: running.issuer, issuedAt: Date.now() })
    time = 60_000
    expect(revocations.isRevoked(query)).toBe(false)
    time = 120_001
    expect(() => revocations.isRevoked(query)).toThrow()
    // The issuer says something within a quarter of a second.
    await until(() => isCalm(() => revocations.isRevoked(query)))
    // Of other issuers it knows nothing, and says nothing.
    time = 1e9
    expect(revocations.isRevoked({ ...query, issuer: 'https://other.example.test' })).toBe(false)
  })

  test('RFC 6750 §3.1: a reader without the scope is refused, and a token for another resource', async () => {
    const { running, issuer } = await setUp()
    const without = await createReader(running, 'curious', 'agent:act')
    const token = await without.ownToken({ resource: issuer, scope: 'agent:act' })
    const answer = await without.call('GET', `${issuer}/revocations`, token.accessToken)
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'token_audience' }])
    expect(await errorOf(without.ownToken({ resource: `${issuer}/revocations`, scope: 'revocations:read' }))).toBe(
      'invalid_scope',
    )
    const empty = await without.ownToken({ resource: `${issuer}/revocations` })
    const refused = await without.call('GET', `${issuer}/revocations`, empty.accessToken)
    expect([refused.status, refused.body]).toMatchObject([403, { code: 'scope_missing' }])
  })

  test('RFC 8707 §2: a client gets no token of its own for a resource that is not on its list', async () => {
    const { agent } = await setUp()
    const booker = await agent('booker')
    expect(await errorOf(booker.ownToken({ resource: apis.payments, scope: 'pay' }))).toBe('invalid_target')
    expect(await errorOf(booker.ownToken({ resource: apis.tool, scope: 'pay' }))).toBe('none')
  })

  test('Examples: two readers hear the same; one whose registration has ended is cut off', async () => {
    const { running } = await setUp()
    const first = await follow(running, { agent: await createReader(running, 'first') })
    const failures: unknown[] = []
    const second = await follow(running, {
      agent: await createReader(running, 'second'),
      onFailure: (error) => failures.push(error),
    })
    await Promise.all([first.ready(), second.ready()])
    await running.revokeAgent('auditor')
    await until(() => first.size === 2 && second.size === 2, 1_000)
    await running.revokeAgent('second')
    const query = queryOf({ issuer: running.issuer, issuedAt: Date.now() })
    await until(() => !isCalm(() => second.isRevoked(query)), 4_000)
    expect(first.isRevoked(query)).toBe(false)
    expect(failures.length).toBeGreaterThan(0)
  })

  test('Examples: after a restart of the issuer a reader knows what it knew, and refuses every token of before', async () => {
    const { running } = await setUp()
    const { issuer } = running
    const key = await createSigningKey()
    await registerReader(running, 'reader', key)
    const revocations = await follow(running, {
      agent: await createDpopAgent({ id: 'reader', issuer, clientKey: key }),
    })
    await revocations.ready()
    await running.revokeAgent('booker')
    await until(() => revocations.size === 2)
    const start = Math.floor(Date.now() / 1_000)
    const before = queryOf({ issuer, issuedAt: start })
    expect(revocations.isRevoked(before)).toBe(false)
    await running.close()
    await until(() => !isCalm(() => revocations.isRevoked(before)), 3_000)

    const again = await setUp({ port: Number(new URL(issuer).port), clock: () => Date.now() + 1_000 })
    await registerReader(again.running, 'reader', key)
    await until(() => isCalm(() => revocations.isRevoked({ ...before, issuedAt: Date.now() })))
    expect(revocations.isRevoked(before)).toBe(true)
    expect(revocations.isRevoked({ ...before, issuedAt: start + 60 })).toBe(false)
    expect(revocations.size).toBe(2)
  })
})

describe('issuer: a token that its client revokes', () => {
  const revoke = async (setup: Setup, by: Sender, token: string) =>
    post(setup.issuer, '/token/revocation', await withAssertion(setup.issuer, by, { token }))

  test('RFC 7009 §2.1: takes along what was exchanged from it, hop by hop, and nothing else', async () => {
    const setup = await setUp()
    const { agent, tokenOfAlice, revocations } = setup
    const [traveller, booker] = [await agent('agent-a'), await agent('booker')]
    const token = await tokenOfAlice(undefined, undefined, traveller)
    const handOn = async () => (await traveller.tokenOnBehalf(token, { resource: apis.booking })).accessToken
    const [first, second] = [await handOn(), await handOn()]
    const last = (await booker.tokenOnBehalf(first, { resource: apis.tool, scope: 'seat:choose' })).accessToken
    const jti = (one: string) => decodeJwt(one).jti
    await revoke(setup, await sender(setup, 'agent-a'), first)
    expect(revocations.map((one) => one.token)).toEqual([jti(first), jti(last)])
    await revoke(setup, await sender(setup, 'agent-a'), token)
    expect(revocations.map((one) => one.token).slice(2)).toEqual([jti(token), jti(second)])
  })

  test('RFC 7009 §2.1: an exchange of it that is under way leaves no token', async () => {
    const setup = await setUp()
    const from = await sender(setup, 'agent-a')
    const token = await setup.tokenOfAlice()
    const actor = await actorTokenOf(setup, from)
    const asked = Array.from({ length: 8 }, () => ask(setup, from, exchangeForm(token, actor, apis.booking)))
    const [answers] = await Promise.all([Promise.all(asked), revoke(setup, from, token)])
    const made = answers.filter(({ status }) => status === 200).map((answer) => decodeJwt(tokenIn(answer)).jti)
    const ended = new Set(setup.revocations.map((one) => one.token))
    expect(made.filter((id) => !ended.has(id))).toEqual([])
  })

  test('RFC 7009 §2.1: reads the feed no more', async () => {
    const setup = await setUp()
    const { running, issuer } = setup
    const key = await createSigningKey()
    await registerReader(running, 'reader', key)
    const reader = await createDpopAgent({ id: 'reader', issuer, clientKey: key })
    const resource = `${issuer}/revocations`
    const { accessToken } = await reader.ownToken({ resource, scope: 'revocations:read' })
    const { status, body } = await reader.open(resource, accessToken, AbortSignal.timeout(10_000))
    expect(status).toBe(200)
    await revoke(setup, { id: 'reader', clientKey: key, proofKey: key }, accessToken)
    // The stream ends by itself.
    for await (const _ of body ?? []);
    expect((await reader.open(resource, accessToken, AbortSignal.timeout(10_000))).status).toBe(401)
  })
})

describe('issuer: the feed', () => {
  test('Examples: one reader has sixteen streams at most, and the oldest ends for one more', async () => {
    const { running, issuer } = await setUp()
    const reader = await createReader(running, 'reader')
    const resource = `${issuer}/revocations`
    const { accessToken } = await reader.ownToken({ resource, scope: 'revocations:read' })
    const ended: number[] = []
    const open = async (at: number) => {
      const { body } = await reader.open(resource, accessToken, AbortSignal.timeout(10_000))
      const drain = async () => {
        for await (const _ of body ?? []);
        ended.push(at)
      }
      drain().catch(() => undefined)
    }
    const other = await follow(running, { agent: await createReader(running, 'other') })
    await other.ready()
    for (let at = 0; at < 16; at++) await open(at)
    expect(ended).toEqual([])
    await open(16)
    await until(() => ended.length > 0)
    expect(ended).toEqual([0])
    expect(other.isRevoked(queryOf({ issuer, issuedAt: Date.now() }))).toBe(false)
  })

  test('Examples: a feed that could not keep everything tells no reader that it knows everything, until it does again', async () => {
    const { running, issuer } = await setUp()
    const agent = await createReader(running, 'reader')
    let feed: RevocationFeed | undefined
    const port = await listen((request, response) => void feed?.answer(request, response))
    const publicUrl = `http://127.0.0.1:${port}`
    const verifier = createVerifier({ issuer, resource: `${issuer}/revocations`, publicUrl, metadata: false })
    let time = Date.now()
    feed = createRevocationFeed({ verifier, now: () => time, maxKept: 2 })
    onTestFinished(async () => {
      feed?.close()
      await verifier.close()
    })
    const resource = `${issuer}/revocations`
    const { accessToken } = await agent.ownToken({ resource, scope: 'revocations:read' })
    const statusNow = async () => (await agent.open(`${publicUrl}/`, accessToken, AbortSignal.timeout(10_000))).status
    for (const token of ['one', 'two']) feed.announce({ issuer, token })
    expect(await statusNow()).toBe(200)
    feed.announce({ issuer, token: 'three' })
    expect(await statusNow()).toBe(503)
    time += 359_000
    expect(await statusNow()).toBe(503)
    time += 1_000
    expect(await statusNow()).toBe(200)
  })

  test('Examples: a token that is made while its agent is revoked is withheld or revoked', async () => {
    const { running, issuer, revocations } = await setUp()
    const readers = await Promise.all(Array.from({ length: 8 }, (_, at) => createReader(running, `reader-${at}`)))
    const resource = `${issuer}/revocations`
    await Promise.all(
      readers.map(async (reader, at) => {
        const asked = reader.ownToken({ resource, scope: 'revocations:read' }).catch(() => undefined)
        // Somewhere between the two requests of one with a nonce, and after the second.
        for (let turn = 0; turn < 40 * at; turn++) await new Promise(setImmediate)
        await running.revokeAgent(reader.id)
        const token = await asked
        if (token === undefined) return
        const { jti, iat = 0 } = decodeJwt(token.accessToken)
        const isRevoked = revocations.some(
          ({ token: name, client, issuedBefore = 0 }) => name === jti || (client === reader.id && iat < issuedBefore),
        )
        expect(isRevoked).toBe(true)
      }),
    )
  })
})

describe('what a resource server remembers', () => {
  const issuer = 'https://as.example.test'
  const token = (name: string): Revocation => ({ issuer, token: name })

  function remember(entries?: MemoryRevocations) {
    const clock = { time: 0 }
    return { clock, memory: createRevocationMemory(issuer, () => clock.time, entries) }
  }

  test('Examples: an entry is forgotten once no token can be alive that it names', () => {
    const { clock, memory } = remember()
    memory.take(token('one'))
    clock.time = 400_000
    memory.take(token('one'))
    memory.take(token('two'))
    clock.time = 999_999
    memory.take(token('three'))
    expect(memory.size).toBe(3)
    clock.time = 1_000_000
    memory.take(token('four'))
    expect(memory.size).toBe(2)
    expect(memory.isRevoked(queryOf({ issuer, tokenId: 'one' }))).toBe(false)
    expect(memory.isRevoked(queryOf({ issuer, tokenId: 'three' }))).toBe(true)
  })

  test('Examples: of two times for one agent the later is remembered, and for as long as it is named', () => {
    const { clock, memory } = remember()
    memory.take({ issuer, client: 'rogue', issuedBefore: 1_000 })
    clock.time = 500_000
    memory.take({ issuer, client: 'rogue', issuedBefore: 1_500 })
    clock.time = 700_000
    memory.take(token('one'))
    expect(memory.isRevoked(queryOf({ issuer, clientId: 'rogue', issuedAt: 1_499 }))).toBe(true)
    expect(memory.isRevoked(queryOf({ issuer, clientId: 'rogue', issuedAt: 1_500 }))).toBe(false)
  })

  test('Examples: a full memory takes no more, until what it holds has had its time', () => {
    const { clock, memory } = remember(memoryRevocations({ maxEntries: 2 }))
    memory.take(token('one'))
    memory.take(token('two'))
    expect(() => memory.take(token('three'))).toThrow()
    clock.time = 600_000
    memory.take(token('three'))
    expect(memory.size).toBe(1)
  })

  test('Examples: an issuer cannot revoke what another one has issued, and what cannot be read is no silence', () => {
    const { memory } = remember()
    expect(() => memory.take({ issuer: 'https://other.example.test', token: 'one' })).toThrow()
    expect(() => memory.take({ issuer, token: 1 } as unknown as Revocation)).toThrow()
    for (const seconds of [Number.NaN, undefined, '1']) {
      expect(() => memory.knowsSince(seconds as number)).toThrow()
    }
  })
})

describeWithService('redis-server', 'issuer: revocations in Redis', () => {
  test('Examples: with onRevoked and Redis a withdrawal holds at an API of another process within a second', async () => {
    const server = await startRedis()
    onTestFinished(() => server.remove())
    const [here, there] = [await openRedis('redis 6', server), await openRedis('ioredis 6', server)]
    const { running, issuer, alice, agent, tokenOfAlice } = await setUp({
      onRevoked: (revocation) => void here.revoke(revocation),
    })
    const api = await startApi(running, { ...trips, verifier: { revocation: there } })
    const traveller = await agent('agent-a')
    const token = await tokenOfAlice('trip:read', apis.trips, traveller)
    expect(await codeAt(api, traveller, token)).toBe('admitted')
    await alice.takeBack(`${issuer}/grants`, 'Travel agent')
    await until(async () => (await codeAt(api, traveller, token)) === 'token_revoked', 1_000)
  })
})

/** It answers, and does not throw. */
function isCalm(ask: () => unknown): boolean {
  try {
    ask()
    return true
  } catch {
    return false
  }
}
