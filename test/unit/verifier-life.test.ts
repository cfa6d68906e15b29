import { createVerifier, memoryReplayStore } from 'onbehalf'
import { createTestIssuer } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, type Kit, resource } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit()
})

/** Answers with the issuer's keys, or with a failure, and counts. */
function keyServer(jwks: object, state: { isUp: boolean; asked: number }): typeof fetch {
  return async () => {
    state.asked++
    return state.isUp ? Response.json(jwks) : new Response('down', { status: 500 })
  }
}

function remote() {
  const state = { isUp: true, asked: 0 }
  const verifier = kit.verifierWith({
    issuer: { issuer: kit.issuer.issuer, jwksUri: 'https://as.example.test/jwks' },
    fetch: keyServer(kit.issuer.jwks, state),
  })
  return { state, verifier }
}

describe('ready()', () => {
  test('Ready: nothing to wait for with static keys', async () => {
    const verifier = kit.verifierWith()
    await expect(verifier.ready()).resolves.toBeUndefined()
  })

  test('Ready: fetches the keys, and again is not asked twice', async () => {
    const { state, verifier } = remote()
    await Promise.all([verifier.ready(), verifier.ready()])
    await verifier.ready()
    expect(state.asked).toBe(1)
    const verdict = verifier.checkNow(await kit.request())
    expect(verdict).toMatchObject({ ok: true })
  })

  test('Ready: rejects when an issuer is down, and creation did not', async () => {
    const { state, verifier } = remote()
    state.isUp = false
    await expect(verifier.ready()).rejects.toThrow(Error)
    expect(await verifier.check(await kit.request())).toMatchObject({ refusal: { code: 'keys_unavailable' } })
  })

  test('Ready: creation alone asks nobody', () => {
    expect(remote().state.asked).toBe(0)
  })
})

describe('health()', () => {
  test('Health: what a fresh verifier holds', () => {
    const verifier = kit.verifierWith()
    const health = verifier.health()
    expect(JSON.parse(JSON.stringify(health))).toEqual(health)
    expect(health).toEqual({
      issuers: [{ issuer: kit.issuer.issuer, keys: 1, ageSeconds: null, stale: false, passedOver: {}, failures: [] }],
      resolved: null,
      replay: { store: 'memory', size: 0, capacity: 1_000_000 },
      caches: { tokens: 0, proofKeys: 0 },
      audit: { dropped: 0, failed: 0, pending: 0 },
      reported: {},
      observed: { skipped: 0, pending: 0 },
    })
  })

  test('Health: what an admitted request leaves behind', async () => {
    const replay = memoryReplayStore({ capacity: 10, quota: 1, clock: kit.clock })
    const verifier = kit.verifierWith({ dpop: { replay } })
    await verifier.check(await kit.request())
    expect(verifier.health()).toMatchObject({
      replay: { size: 1, capacity: 10 },
      caches: { tokens: 1, proofKeys: 1 },
    })
  })

  test('Health: a refused request leaves nothing in the caches', async () => {
    const verifier = kit.verifierWith()
    const other = await createTestIssuer({ resource, clock: kit.clock })
    await verifier.check(await kit.request({ token: await other.token({ agent: kit.agent }) }))
    expect(verifier.health()).toMatchObject({ replay: { size: 0 }, caches: { tokens: 0, proofKeys: 0 } })
  })

  test('Health: no numbers of a replay memory that is not ours', () => {
    const base = { issuer: kit.issuer.options, resource }
    expect(createVerifier({ ...base, dpop: { replay: { add: () => 'fresh' } } }).health().replay).toEqual({
      store: 'custom',
    })
    expect(createVerifier({ ...base, dpop: false }).health().replay).toBeNull()
  })

  test('Health: the age of fetched keys, and when they have gone stale', async () => {
    const { verifier } = remote()
    expect(verifier.health().issuers).toMatchObject([{ keys: 0, ageSeconds: null, stale: false }])
    await verifier.ready()
    kit.clock.advance(600)
    expect(verifier.health().issuers).toMatchObject([{ keys: 1, ageSeconds: 600, stale: false }])
    kit.clock.advance(1)
    expect(verifier.health().issuers).toMatchObject([{ ageSeconds: 601, stale: true }])
  })
})

describe('close()', () => {
  test('Close: no more keys are fetched', async () => {
    const { state, verifier } = remote()
    void verifier.close()
    void verifier.close()
    expect(await verifier.check(await kit.request())).toMatchObject({
      refusal: { code: 'keys_unavailable', status: 503 },
    })
    await expect(verifier.ready()).rejects.toThrow(Error)
    expect(state.asked).toBe(0)
  })

  test('Close: what is under way on the network ends', async () => {
    const signals: (AbortSignal | null | undefined)[] = []
    const hang: typeof fetch = (_url, init) => {
      signals.push(init?.signal)
      return new Promise(() => {})
    }
    const verifier = kit.verifierWith({
      issuer: { issuer: kit.issuer.issuer, jwksUri: 'https://as.example.test/jwks' },
      fetch: hang,
    })
    const waiting = verifier.check(await kit.request())
    void verifier.close()
    expect(await waiting).toMatchObject({ refusal: { code: 'keys_unavailable' } })
    expect(signals.map((signal) => signal?.aborted)).toEqual([true])
  })
})
