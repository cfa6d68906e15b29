import { memoryReplayStore, type ReplayAnswer, type RequestView, type RevocationQuery, type Verifier } from 'onbehalf'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createKit, type Kit } from '../support/kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice' } })
})
afterEach(() => {
  vi.useRealTimers()
})

const boom = () => {
  throw new Error('in the hook, at db.internal.test')
}
const broken = {
  // biome-ignore lint/suspicious/noThenProperty: a foreign promise is what is tested
  then: boom,
}
const hang = () => new Promise<never>(() => {})

async function codeWithin(view: RequestView, verifier: Verifier) {
  const verdict = await verifier.check(view)
  return verdict.ok ? 'admitted' : verdict.refusal.code
}

describe('a revocation source', () => {
  const asking = (isRevoked: (query: RevocationQuery) => unknown) =>
    kit.verifierWith({ revocation: { isRevoked: isRevoked as (query: RevocationQuery) => boolean } })

  test('Revocation: it is asked on every request, warm or cold, with what identifies the token', async () => {
    const isRevoked = vi.fn((_query: RevocationQuery) => false)
    const verifier = asking(isRevoked)
    const planner = await kit.issuer.agent('planner-2')
    const claims = { jti: 'token-1' }
    const token = await kit.issuer.token({ agent: kit.agent, human: 'alice', via: [planner], claims })
    for (let round = 0; round < 3; round++)
      expect(await codeWithin(await kit.request({ token }), verifier)).toBe('admitted')
    expect(isRevoked).toHaveBeenCalledTimes(3)
    const [query] = isRevoked.mock.calls[0] ?? []
    expect(query).toMatchObject({
      issuer: kit.issuer.issuer,
      tokenId: 'token-1',
      issuedAt: kit.issuer.clock.now() / 1_000,
    })
    expect(query?.parties.map(({ subject }) => subject)).toEqual(['alice', 'travel-7', 'planner-2'])
  })

  test('AUD-05: a token revoked after it was cached is refused on the next request', async () => {
    let isRevoked = false
    const verifier = asking(() => isRevoked)
    const token = await kit.issuer.token({ agent: kit.agent })
    expect(await codeWithin(await kit.request({ token }), verifier)).toBe('admitted')
    isRevoked = true
    expect(await codeWithin(await kit.request({ token }), verifier)).toBe('token_revoked')
    isRevoked = false
    expect(await codeWithin(await kit.request({ token }), verifier)).toBe('admitted')
  })

  test.each<[string, () => unknown]>([
    ['throws', boom],
    ['rejects', async () => boom()],
    ['answers undefined', () => undefined],
    ['answers null', () => null],
    ['answers 0', () => 0],
    ['answers 1', () => 1],
    ['answers a string', () => 'false'],
    ['answers a promise of undefined', async () => undefined],
    ['answers a thenable that throws', () => broken],
  ])('P41: when it %s the status is unknown, cold and warm', async (_how, isRevoked) => {
    let isDown = true
    const verifier = asking(() => (isDown ? isRevoked() : false))
    const token = await kit.issuer.token({ agent: kit.agent })
    expect(await codeWithin(await kit.request({ token }), verifier)).toBe('revocation_unavailable')
    isDown = false
    expect(await codeWithin(await kit.request({ token }), verifier)).toBe('admitted')
    isDown = true
    expect(await codeWithin(await kit.request({ token }), verifier)).toBe('revocation_unavailable')
  })

  test('P41: when it hangs the request is refused after a deadline', async () => {
    const verifier = asking(hang)
    const view = await kit.request()
    vi.useFakeTimers()
    const judged = codeWithin(view, verifier)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await judged).toBe('revocation_unavailable')
  })

  test('Revocation: an answer at once keeps the warm verdict synchronous, a promise is awaited', async () => {
    const token = await kit.issuer.token({ agent: kit.agent })
    const now = asking(() => false)
    await now.check(await kit.request({ token }))
    expect(now.checkNow(await kit.request({ token }))).toMatchObject({ ok: true })
    const later = asking(async () => true)
    expect(later.checkNow(await kit.request({ token }))).toBeInstanceOf(Promise)
    expect(await codeWithin(await kit.request({ token }), later)).toBe('token_revoked')
  })

  test('Revocation: it is said before the binding, and asked for no token that does not hold', async () => {
    const isRevoked = vi.fn(() => true)
    const verifier = asking(isRevoked)
    expect(await codeWithin(await kit.request({ token: { bind: 'none' } }), verifier)).toBe('token_revoked')
    expect(await codeWithin(await kit.request({ token: { claims: { aud: 'other' } } }), verifier)).toBe(
      'token_audience',
    )
    expect(await codeWithin(await kit.request({ token: 'x.y.z' }), verifier)).toBe('token_malformed')
    expect(isRevoked).toHaveBeenCalledTimes(1)
  })
})

describe('a replay store', () => {
  const storing = (add: (...parameters: [string, number, string]) => unknown) =>
    kit.verifierWith({ dpop: { replay: { add: add as () => ReplayAnswer } } })

  test.each<[string, () => unknown]>([
    ['throws', boom],
    ['rejects', async () => boom()],
    ['is full', () => 'full'],
    ['answers undefined', () => undefined],
    ['answers true', () => true],
    ['answers OK', () => 'OK'],
    ['answers in another case', () => 'FRESH'],
    ['answers a list', () => ['fresh']],
    ['answers a promise of nothing', async () => undefined],
    ['answers a promise of full', async () => 'full'],
    ['answers a thenable that throws', () => broken],
  ])('DPOP-25: when it %s the proof cannot be judged', async (_how, add) => {
    const verdict = await storing(add).check(await kit.request())
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'replay_unavailable', status: 503, error: null } })
    if (verdict.ok) return
    const names = verdict.refusal.headers.map(([name]) => name)
    expect(names).toContain('Retry-After')
    expect(names).not.toContain('WWW-Authenticate')
    expect(JSON.stringify([verdict.refusal.headers, verdict.refusal.body])).not.toContain('internal')
  })

  test('DPOP-25: when it hangs the request is refused after a deadline', async () => {
    const verifier = storing(hang)
    const view = await kit.request()
    vi.useFakeTimers()
    const judged = codeWithin(view, verifier)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await judged).toBe('replay_unavailable')
  })

  test.each<[string, unknown, string]>([
    ['fresh', 'fresh', 'admitted'],
    ['seen', 'seen', 'proof_replayed'],
    ['quota', 'quota', 'rate_limited'],
  ])('DPOP-25: %s is an answer, at once or later', async (_name, answer, code) => {
    expect(
      await codeWithin(
        await kit.request(),
        storing(() => answer),
      ),
    ).toBe(code)
    expect(
      await codeWithin(
        await kit.request(),
        storing(async () => answer),
      ),
    ).toBe(code)
  })

  test('DPOP-22: it is given a digest of fixed length, a lifetime in milliseconds and a partition', async () => {
    const add = vi.fn((_key: string, _lifetimeMs: number, _partition: string) => 'fresh')
    const verifier = storing(add)
    await verifier.check(await kit.request())
    await verifier.check(await kit.request())
    const [first, second] = add.mock.calls
    expect(first?.[0]).toMatch(/^[\w-]{43}$/)
    expect(second?.[0]).toMatch(/^[\w-]{43}$/)
    expect(first?.[0]).not.toBe(second?.[0])
    // The window of 60 s and 5 s for the skew of clocks between processes.
    expect(first?.[1]).toBe(65_000)
    expect(first?.[2]).toBe(second?.[2])
  })

  test('DPOP-25: a full memory refuses with 503 and forgets no live proof', async () => {
    const replay = memoryReplayStore({ capacity: 2, quota: 1, clock: kit.issuer.clock })
    const verifier = kit.verifierWith({ dpop: { replay } })
    const views = [await kit.request(), await kit.request(), await kit.request()]
    const codes: string[] = []
    for (const view of [...views, ...views]) codes.push(await codeWithin(view, verifier))
    const held = ['admitted', 'admitted', 'replay_unavailable']
    expect(codes).toEqual([...held, 'proof_replayed', 'proof_replayed', 'replay_unavailable'])
  })
})
