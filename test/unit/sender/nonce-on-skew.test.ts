import type { DpopOptions, NonceOptions, ReplayStore, StoreAnswer, Verdict, Verifier } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { createKit, headerValues, type Kit, outcomeOf, refusalIn, url } from '../../support/kit.ts'

const secret = 'first-secret-of-thirty-two-bytes'
const day = 86_400

let kit: Kit
let verifier: Verifier

beforeEach(async () => {
  kit = await createKit({ trust: { maxTokenSeconds: 10 * day }, token: { lifetimeSeconds: 5 * day } })
  verifier = onSkew()
})

function onSkew(nonce: Partial<NonceOptions> = {}, dpop: DpopOptions = {}): Verifier {
  return kit.verifierWith({ dpop: { ...dpop, nonce: { secret, mode: 'on-skew', ...nonce } } })
}

const nonceOf = (verdict: Verdict) => headerValues(verdict, 'dpop-nonce')[0] ?? ''
/** What a client gets whose clock is off by so many seconds. */
const send = (offset: number, nonce?: string, claims: object = {}, to = verifier) =>
  kit.call({
    verifier: to,
    proof: { nonce, claims: { iat: Math.floor(kit.clock.now() / 1_000) + offset, ...claims } },
  })
const codeFor = async (...given: Parameters<typeof send>) => outcomeOf(await send(...given))
const given = async () => nonceOf(await send(-day))

describe('a proof without a nonce', () => {
  test.each([-60, 0, 10])('RFC 9449 §11.1: an iat %i s off passes, and no nonce is given', async (offset) => {
    const verdict = await send(offset)
    expect(outcomeOf(verdict)).toBe('admitted')
    expect(headerValues(verdict, 'dpop-nonce')).toEqual([])
  })

  test.each([-61, -3_600, 11, 3_600])(
    'RFC 9449 §9: one %i s off is asked for a nonce, which is then accepted',
    async (offset) => {
      const verdict = await send(offset)
      expect(refusalIn(verdict)).toMatchObject({
        code: 'nonce_required',
        status: 401,
        error: 'use_dpop_nonce',
        facts: { iatOffset: offset },
      })
      expect(headerValues(verdict, 'dpop-nonce')).toHaveLength(1)
      expect(headerValues(verdict, 'cache-control')).toEqual(['no-store'])
      expect(await codeFor(offset, nonceOf(verdict))).toBe('admitted')
    },
  )

  test.each<[code: string, claims: object]>([
    ['proof_method', { htm: 'PUT' }],
    ['proof_target', { htu: 'https://other.example.test' }],
    ['proof_token_hash', { ath: 'x' }],
    ['proof_expired', { exp: 1 }],
    ['proof_not_active', { nbf: 9_999_999_999 }],
  ])('RFC 9449 §9: where more than its iat is wrong, the answer is %s', async (code, claims) => {
    expect(await codeFor(-day, undefined, claims)).toBe(code)
    expect(await codeFor(day, undefined, claims)).toBe(code)
    expect(await codeFor(0, undefined, claims)).toBe(code)
  })

  test('RFC 9449 §9: a missing proof is not known to need a nonce', async () => {
    const verdict = await kit.call({ verifier, proof: null })
    expect(outcomeOf(verdict)).toBe('proof_missing')
    expect(headerValues(verdict, 'dpop-nonce')).toEqual([])
  })

  test('RFC 9449 §11.1: a captured one is refused for good once its time is over, before and after its use', async () => {
    const token = await kit.token()
    const proof = await kit.agent.proof({ method: 'GET', url, token })
    expect(await kit.code({ verifier, token, proof })).toBe('admitted')
    expect(await kit.code({ verifier, token, proof })).toBe('proof_replayed')
    kit.clock.advance(60)
    expect(await kit.code({ verifier, token, proof })).toBe('proof_replayed')
    kit.clock.advance(1)
    expect(await kit.code({ verifier, token, proof })).toBe('nonce_required')
  })
})

describe('a proof with a nonce', () => {
  test.each([-day, -61, 0, 11, day])('DPOP-32: it is judged by the nonce, not by an iat %i s off', async (offset) => {
    expect(await codeFor(offset, await given())).toBe('admitted')
    for (const nonce of ['', 'wrong', 'A'.repeat(32)]) {
      const verdict = await send(offset, nonce)
      expect(outcomeOf(verdict)).toBe('nonce_invalid')
      expect(await codeFor(offset, nonceOf(verdict))).toBe('admitted')
    }
  })

  test('DPOP-27: it ends with the nonce, however fresh its iat', async () => {
    const nonce = await given()
    kit.clock.advance(289)
    expect(await codeFor(0, nonce)).toBe('admitted')
    kit.clock.advance(12)
    expect(await codeFor(0, nonce)).toBe('nonce_invalid')
  })

  test.each<[code: string, claims: object]>([
    ['proof_expired', { exp: 1 }],
    ['proof_not_active', { nbf: 9_999_999_999 }],
  ])('RFC 9449 §4.3: its own exp and nbf are honoured (%s)', async (code, claims) => {
    expect(await codeFor(0, await given(), claims)).toBe(code)
  })

  test('DPOP-30: its answer carries the next nonce from half-life on', async () => {
    const nonce = await given()
    expect(headerValues(await send(-day, nonce), 'dpop-nonce')).toEqual([])
    kit.clock.advance(160)
    const verdict = await send(-day, nonce)
    expect(headerValues(verdict, 'dpop-nonce')).toHaveLength(1)
    expect(await codeFor(-day, nonceOf(verdict))).toBe('admitted')
  })

  test.each([-day, 0, day])(
    'RFC 9449 §11.1: it is remembered as long as its nonce lasts, iat %i s off',
    async (offset) => {
      const token = await kit.token()
      const iat = Math.floor(kit.clock.now() / 1_000) + offset
      const proof = await kit.agent.proof({ method: 'GET', url, token, nonce: await given(), claims: { iat } })
      const codes: string[] = []
      for (let second = 0; second <= 301; second += 7) {
        codes.push(await kit.code({ verifier, token, proof }))
        kit.clock.advance(7)
      }
      const end = codes.indexOf('nonce_invalid')
      expect(end).toBeGreaterThan(40)
      expect(codes).toEqual([
        'admitted',
        ...Array(end - 1).fill('proof_replayed'),
        ...Array(codes.length - end).fill('nonce_invalid'),
      ])
    },
  )
})

test('RFC 9449 §11.1: one jti is one use, with a nonce and without', async () => {
  const nonce = await given()
  expect(await codeFor(0, undefined, { jti: 'a' })).toBe('admitted')
  expect(await codeFor(0, nonce, { jti: 'a' })).toBe('proof_replayed')
  expect(await codeFor(0, nonce, { jti: 'b' })).toBe('admitted')
  expect(await codeFor(0, undefined, { jti: 'b' })).toBe('proof_replayed')
  kit.clock.advance(100)
  // By now the proof without a nonce would be forgotten, and the one with a nonce must not be.
  expect(await codeFor(0, undefined, { jti: 'b' })).toBe('proof_replayed')
})

describe('with a shared store', () => {
  const lifetimes: number[] = []
  let answer: StoreAnswer | Promise<StoreAnswer> = 'fresh'
  let during = () => {}
  const replay: ReplayStore = {
    add(_key, lifetimeMs) {
      lifetimes.push(lifetimeMs)
      during()
      return answer
    },
  }

  beforeEach(() => {
    lifetimes.length = 0
    answer = 'fresh'
    during = () => {}
    verifier = onSkew({}, { replay })
  })

  test('RFC 9449 §11.1: a proof is kept as long as its own measure lasts, with 5 s for clocks that differ', async () => {
    const nonce = await given()
    await send(0)
    await send(-20)
    await send(0, nonce)
    await send(-day, nonce)
    const [byIat = 0, older = 0, byNonce = 0, skewed = 0] = lifetimes
    expect(byIat).toBeGreaterThan(64_000)
    expect(byIat - older).toBe(20_000)
    expect(byNonce).toBeGreaterThan(294_000)
    expect(byNonce).toBeLessThanOrEqual(305_000)
    expect(skewed).toBe(byNonce)
  })

  test('Options: of a store that has forgotten, only what could have been used before is refused', async () => {
    const nonce = await given()
    const start = kit.clock.now()
    const slot = Math.floor(start / 10_000) * 10_000
    const codeAt = async (completeSince: number, offset: number, by?: string) => {
      answer = { answer: 'fresh', completeSince }
      return codeFor(offset, by)
    }
    // By its nonce: the slot began after completeSince + 5 s, or not.
    for (const offset of [-day, 0, day]) {
      expect(await codeAt(slot - 5_001, offset, nonce)).toBe('admitted')
      expect(await codeAt(slot - 5_000, offset, nonce)).toBe('replay_unavailable')
    }
    // By its iat, which may lie 10 s ahead.
    expect(await codeAt(start - 16_000, 0)).toBe('admitted')
    expect(await codeAt(start - 15_000, 0)).toBe('replay_unavailable')
  })

  test('RFC 9449 §9: a proof whose iat grows too old in waiting is asked for a nonce', async () => {
    answer = Promise.resolve('fresh')
    during = () => kit.clock.advance(61)
    const verdict = await send(0)
    expect(outcomeOf(verdict)).toBe('nonce_required')
    during = () => {}
    expect(await codeFor(0, nonceOf(verdict))).toBe('admitted')
    during = () => kit.clock.advance(301)
    expect(await codeFor(0, await given())).toBe('nonce_invalid')
    during = () => kit.clock.advance(20)
    expect(await codeFor(0, undefined, { exp: Math.floor(kit.clock.now() / 1_000) + 1 })).toBe('proof_expired')
  })
})
