import { describe, expect, test } from 'vitest'
import { createTestIssuer, requestView } from '../../../src/testing/index.ts'
import {
  createHome,
  forgedToken,
  gate,
  held,
  isRefreshed,
  judge,
  judgeNow,
  keysUri,
  metadataUri,
  refusalOf,
  until,
} from '../../support/key-home.ts'
import { resource, url } from '../../support/kit.ts'

describe('ageing', () => {
  test('P26: at 80 % of their freshness keys are fetched anew in the background, and no request waits', async () => {
    const { clock, network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(479)
    expect(judgeNow(verifier, await token())).toBe(held)
    expect(network.count(keysUri)).toBe(1)
    const shut = gate()
    network.serve(keysUri, async () => {
      await shut.opened
      return Response.json(issuer.jwks)
    })
    clock.advance(2)
    expect(judgeNow(verifier, await token())).toBe(held)
    expect(network.count(keysUri)).toBe(2)
    const good = await token()
    for (let i = 0; i < 100; i++) expect(judgeNow(verifier, good)).toBe(held)
    expect(network.count(keysUri)).toBe(2)
    expect(verifier.health().issuers[0]).toMatchObject({ ageSeconds: 481, stale: false })
    shut.open()
    await until(isRefreshed(verifier))
    expect(verifier.health().issuers[0]).toMatchObject({ ageSeconds: 0, stale: false, keys: 1 })
  })

  test('P26: past their freshness keys are fetched before they are believed', async () => {
    const { clock, network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(601)
    const old = await token()
    await issuer.rotateKey()
    expect(judgeNow(verifier, old)).toBe('had to wait')
    expect(await judge(verifier, old)).toBe('token_key_unknown')
    expect(network.count(keysUri)).toBe(2)
  })

  test('P26: a wall clock that is set back makes no key younger', async () => {
    const { clock, network, verifier, token } = await createHome({ jwksUri: keysUri })
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(601)
    clock.step(-600)
    expect(await judge(verifier, await token())).toBe(held)
    expect(network.count(keysUri)).toBe(2)
  })

  test('P26: keys grow old while the machine is suspended and the monotonic clock stands still', async () => {
    const { clock, network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    expect(await judge(verifier, await token())).toBe(held)
    const withdrawn = await token()
    await issuer.rotateKey()
    clock.step(601)
    expect(await judge(verifier, withdrawn)).not.toBe(held)
    expect(await judge(verifier, await token())).toBe(held)
    expect(network.count(keysUri)).toBe(2)
  })

  /** A token cached just before its key leaves the set, one second after the set without it has come. */
  async function withRetiredKey() {
    const home = await createHome({ jwksUri: keysUri })
    const { clock, verifier, issuer, token } = home
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(470)
    const cached = await token()
    expect(judgeNow(verifier, cached)).toBe(held)
    await issuer.rotateKey()
    clock.advance(15)
    expect(judgeNow(verifier, cached)).toBe(held)
    await until(isRefreshed(verifier))
    clock.advance(1)
    return { ...home, cached }
  }

  test('P26: a key that left the set takes its cached tokens with it', async () => {
    const { verifier, token, cached } = await withRetiredKey()
    expect(['keys_unavailable', 'token_key_unknown']).toContain(await judge(verifier, cached))
    expect(await judge(verifier, await token())).toBe(held)
  })

  test('P26: the kid of a key that left the set is unknown, not our outage', async () => {
    const { verifier, cached } = await withRetiredKey()
    expect(await judge(verifier, cached)).toBe('token_key_unknown')
  })

  test('P26: a key that stays keeps its cached tokens', async () => {
    const { agent, clock, network, verifier, issuer, token } = await createHome({ jwksUri: keysUri })
    expect(await judge(verifier, await token())).toBe(held)
    clock.advance(470)
    const cached = await token()
    const context = async () => verifier.verify(requestView({ url, headers: await agent.headers('GET', url, cached) }))
    const before = await context()
    issuer.jwks.keys = [{ kty: 'EC', kid: 'more' }, ...issuer.jwks.keys]
    clock.advance(15)
    expect(judgeNow(verifier, cached)).toBe(held)
    await until(isRefreshed(verifier))
    expect(network.count(keysUri)).toBe(2)
    expect(await context()).toBe(before)
  })

  test('P26: two issuers with the same kid never lend each other a key', async () => {
    const kit = { resource, keyId: 'same' }
    const a = await createTestIssuer({ ...kit, issuer: 'https://a.example.test' })
    const b = await createTestIssuer({ ...kit, issuer: 'https://b.example.test', clock: a.clock })
    const { network, open } = await createHome()
    for (const one of [a, b]) network.serve(`${one.issuer}/keys`, () => one.jwks)
    const trusted = [a, b].map(({ issuer }) => ({ issuer, jwksUri: `${issuer}/keys` }))
    const verifier = open({}, { issuer: trusted, clock: a.clock })
    const agent = await a.agent('travel-7')
    for (const one of [a, b]) expect(await judge(verifier, await one.token({ agent }))).toBe(held)
    expect(await judge(verifier, await a.token({ agent, claims: { iss: b.issuer } }))).toBe('token_signature')
    expect(await judge(verifier, await b.token({ agent, claims: { iss: a.issuer } }))).toBe('token_signature')
    expect(verifier.health().issuers.map(({ issuer, keys }) => [issuer, keys])).toEqual([
      [a.issuer, 1],
      [b.issuer, 1],
    ])
  })
})

describe('outage', () => {
  test('P29: known keys go on up to staleSeconds, then it is our outage', async () => {
    const { clock, network, verifier, token } = await createHome({ jwksUri: keysUri })
    expect(await judge(verifier, await token())).toBe(held)
    network.cut(true)
    for (const age of [500, 601, 1_800, 3_599, 3_600]) {
      clock.advance(age - (verifier.health().issuers[0]?.ageSeconds ?? 0))
      expect(await judge(verifier, await token()), String(age)).toBe(held)
      expect(await judge(verifier, await token()), String(age)).toBe(held)
      expect(verifier.health().issuers[0]).toMatchObject({ ageSeconds: age, stale: age > 600 })
    }
    clock.advance(1)
    const refusal = await refusalOf(verifier, await token())
    expect(refusal.code).toBe('keys_unavailable')
    network.cut(false)
    clock.advance(30)
    expect(await judge(verifier, await token())).toBe(held)
    expect(verifier.health().issuers[0]).toMatchObject({ ageSeconds: 0, stale: false })
  })

  test('P29: staleSeconds 0 gives no grace', async () => {
    const { clock, network, verifier, token } = await createHome({
      jwksUri: keysUri,
      keys: { freshSeconds: 60, staleSeconds: 0 },
    })
    expect(await judge(verifier, await token())).toBe(held)
    network.cut(true)
    clock.advance(61)
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
  })

  test('P29: a cached token does not outlive the stale keys', async () => {
    const keys = { freshSeconds: 20, staleSeconds: 40 }
    const { clock, network, verifier, token } = await createHome({ jwksUri: keysUri, keys })
    const cached = await token()
    expect(await judge(verifier, cached)).toBe(held)
    network.cut(true)
    clock.advance(39)
    expect(await judge(verifier, cached)).toBe(held)
    clock.advance(2)
    expect(await judge(verifier, cached)).toBe('keys_unavailable')
  })

  test('P4: the answer names no host, address or cause', async () => {
    const { network, verifier, token } = await createHome()
    network.cut(true)
    const refusal = await refusalOf(verifier, await token())
    expect(refusal).toMatchObject({ code: 'keys_unavailable', status: 503, error: null })
    const wire = JSON.stringify([refusal.headers, refusal.body])
    for (const secret of ['as.example', '10.1.2.3', 'ECONNREFUSED', 'WWW-Authenticate'])
      expect(wire).not.toContain(secret)
    const retryAfter = Number(refusal.headers.find(([name]) => name === 'Retry-After')?.[1])
    expect(retryAfter).toBeGreaterThanOrEqual(1)
    expect(retryAfter).toBeLessThanOrEqual(30)
  })
})

describe('ready, health and close', () => {
  test('Ready: it fetches once, and rejects while the issuer is down', async () => {
    const { network, verifier, token } = await createHome()
    expect(verifier.health().issuers).toEqual([
      { issuer: 'https://as.example.test', keys: 0, ageSeconds: null, stale: false, passedOver: {}, failures: [] },
    ])
    network.cut(true)
    await expect(verifier.ready()).rejects.toThrow(Error)
    network.cut(false)
    await Promise.all([verifier.ready(), verifier.ready()])
    await verifier.ready()
    expect(network.count(metadataUri)).toBe(2)
    expect(network.count(keysUri)).toBe(1)
    expect(judgeNow(verifier, await token())).toBe(held)
  })

  test('Close: it ends the fetch under way, and no other is made', async () => {
    const { clock, network, verifier, token } = await createHome()
    const signals: AbortSignal[] = []
    network.serve(metadataUri, (init) => untilAborted(init, signals))
    const waiting = judge(verifier, await token())
    void verifier.close()
    expect(await waiting).toBe('keys_unavailable')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    clock.advance(60)
    expect(await judge(verifier, await token())).toBe('keys_unavailable')
    expect(network.asked).toEqual([metadataUri])
  })

  test('Close: keys fetched before it stay in use', async () => {
    const home = await createHome()
    const { clock, network, verifier, token } = home
    expect(await judge(verifier, await token())).toBe(held)
    void verifier.close()
    clock.advance(500)
    expect(judgeNow(verifier, await token())).toBe(held)
    expect(judgeNow(verifier, forgedToken(home, 'nobody'))).toBe('keys_unavailable')
    expect(network.count(keysUri)).toBe(1)
  })
})

function untilAborted({ signal }: RequestInit, signals: AbortSignal[]): Promise<Response> {
  if (signal) signals.push(signal)
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')))
  })
}
