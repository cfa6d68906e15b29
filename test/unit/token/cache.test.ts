import { createTestClock } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { readOptions } from '../../../src/options/policy.ts'
import { Denial } from '../../../src/refusal/denial.ts'
import { createKeyrings } from '../../../src/token/keyrings.ts'
import { createTokenVerifier } from '../../../src/token/verify.ts'
import { type Members, sha256Url } from '../../support/raw-jws.ts'
import { createScene, outcomeOf, type Scene } from '../../support/scene.ts'

const scene: Scene = await createScene()

test('AT-16: a token cached by one verifier is still refused by a verifier of another audience', async () => {
  const ours = scene.verifier()
  const theirs = scene.verifier({}, { audience: 'https://other.example.test' })
  const both = scene.verifier({}, { audience: ['https://other.example.test', scene.resource] })
  const token = scene.token()
  for (const round of ['cold', 'warm', 'warmer']) {
    expect(outcomeOf(await scene.send(ours, token)), round).toBe('admitted')
    expect(outcomeOf(await scene.send(both, token)), round).toBe('admitted')
    expect(outcomeOf(await scene.send(theirs, token)), round).toBe('token_audience')
  }
  expect([ours, both, theirs].map((verifier) => verifier.health().caches.tokens)).toEqual([1, 1, 0])
})

test('AT-16: the audience of the issuer replaces that of the verifier, warm and cold', async () => {
  const own = scene.verifier({ audience: 'urn:mine' }, { audience: scene.resource })
  const mine = scene.token({ aud: 'urn:mine' })
  for (const round of ['cold', 'warm']) {
    expect(outcomeOf(await scene.send(own, mine)), round).toBe('admitted')
    expect(outcomeOf(await scene.send(own, scene.token())), round).toBe('token_audience')
  }
})

test('AT-16: ceiling, algorithms and actor rules of a second verifier are not skipped either', async () => {
  const lenient = scene.verifier({ maxTokenSeconds: 3_600, actorIssuers: 'any', dangerously: { allowUnbound: true } })
  const strict = scene.verifier()
  const now = scene.clock.now() / 1_000
  const long = scene.token({ exp: now + 3_600 })
  const foreign = scene.token({ act: { sub: 'a', iss: 'https://far.example.test' } })
  const unbound = scene.token({ cnf: undefined })
  expect(outcomeOf(await scene.send(lenient, long))).toBe('admitted')
  expect(outcomeOf(await scene.send(strict, long))).toBe('token_lifetime')
  expect(outcomeOf(await scene.send(lenient, foreign))).toBe('admitted')
  expect(outcomeOf(await scene.send(strict, foreign))).toBe('delegation_not_allowed')
  expect(outcomeOf(await scene.send(lenient, unbound, { scheme: 'Bearer' }))).toBe('admitted')
  expect(outcomeOf(await scene.send(strict, unbound, { scheme: 'Bearer' }))).toBe('binding_missing')
})

/** Bounds around which cached and fresh verdicts could part, and where the clock may stand. */
const lives: readonly (readonly [string, (now: number) => Members])[] = [
  ['exp', (now) => ({ iat: now - 2, exp: now + 20 })],
  ['exp with a fraction', (now) => ({ iat: now - 2.5, exp: now + 20.5 })],
  ['nbf', (now) => ({ iat: now - 10, nbf: now + 3, exp: now + 30 })],
  ['iat ahead', (now) => ({ iat: now + 4, exp: now + 30 })],
  ['a life of one second', (now) => ({ iat: now, exp: now + 1 })],
]

test.each(lives)(
  'RFC 9068 §4: around %s a cached token has the verdict of a fresh one at every second, forwards and backwards',
  async (_, life) => {
    const clock = createTestClock()
    const own = { ...scene, clock }
    const start = clock.now() / 1_000
    const token = scene.token(life(start))
    const warm = scene.verifier({}, { clock, cache: { tokenSeconds: 3_600 } })
    const proofFor = () => ({ proofClaims: { iat: Math.floor(clock.now() / 1_000) } })
    expect(outcomeOf(await scene.send(warm, token, proofFor()))).toBe('admitted')
    const outcomes = new Set<string>()
    for (const second of [...everySecond(-8, 36), ...everySecond(-8.5, 36).reverse()]) {
      clock.step(start + second - clock.now() / 1_000)
      const cold = scene.verifier({}, { clock })
      const [fresh, cached] = [await own.send(cold, token, proofFor()), await own.send(warm, token, proofFor())]
      outcomes.add(outcomeOf(fresh))
      expect(warm.health().caches.tokens).toBe(1)
      expect(outcomeOf(cached), `${second}`).toBe(outcomeOf(fresh))
    }
    expect([...outcomes].sort()).toEqual(['admitted', 'token_expired', 'token_not_active'])
  },
)

/** A reader alone, so that it can be counted how often a token was verified anew. */
function countingReader(cache: { tokens?: number; tokenSeconds?: number }) {
  const clock = createTestClock(scene.clock.now())
  const policy = readOptions({ issuer: scene.issuer, resource: scene.resource, clock, cache })
  let prepared = 0
  const reader = createTokenVerifier(policy, createKeyrings(policy), () => ++prepared)
  function read(token: string): number | Denial {
    const answer = reader.verify({ scheme: 'DPoP', token, tokenHash: sha256Url(token) })
    if (answer instanceof Promise) throw new Error('static keys need no promise')
    return answer
  }
  return { clock, reader, read, verifications: () => prepared }
}

test('RFC 9068 §4: a cached token is verified anew once tokenSeconds of the monotonic clock have passed', () => {
  const { clock, read, verifications } = countingReader({ tokenSeconds: 10 })
  const token = scene.token()
  read(token)
  for (let second = 1; second < 10; second++) {
    clock.advance(1)
    read(token)
  }
  expect(verifications()).toBe(1)
  clock.step(100)
  read(token)
  expect(verifications()).toBe(1)
  clock.advance(1)
  read(token)
  expect(verifications()).toBe(2)
})

test('RFC 9068 §4: with tokenSeconds 0 nothing is believed twice', () => {
  const { read, verifications } = countingReader({ tokenSeconds: 0 })
  const token = scene.token()
  for (let round = 1; round <= 3; round++) {
    read(token)
    expect(verifications()).toBe(round)
  }
})

test('RFC 9068 §4: the cache is bounded; the least recently used token leaves', () => {
  const { reader, read, verifications } = countingReader({ tokens: 3 })
  const tokens = Array.from({ length: 4 }, () => scene.token())
  for (const token of tokens) read(token)
  expect({ cached: reader.cachedTokens, verified: verifications() }).toEqual({ cached: 3, verified: 4 })
  for (const token of tokens.slice(1)) read(token)
  expect(verifications()).toBe(4)
  read(tokens[0] ?? '')
  expect(verifications()).toBe(5)
})

test('RFC 9068 §4: only successes are cached', () => {
  const { reader, read, verifications } = countingReader({})
  const now = scene.clock.now() / 1_000
  const bad = [
    `${scene.token()}.x`,
    scene.token({}, { typ: 'JWT' }),
    scene.token({}, { kid: 'k9' }),
    scene.token({ sub: 1 }),
    scene.token({ aud: 'x' }),
    scene.token({ nbf: now + 100 }),
    scene.token({ exp: now + 301 }),
    scene.token({ iat: now - 200, exp: now - 100 }),
    scene.token().replace(/[^.]+$/, 'A'.repeat(86)),
  ]
  for (const token of [...bad, ...bad]) expect(read(token)).toBeInstanceOf(Denial)
  expect({ cached: reader.cachedTokens, verified: verifications() }).toEqual({ cached: 0, verified: 0 })
})

test('RFC 9068 §4: tokens that share all but one character are different tokens', async () => {
  const verifier = scene.verifier()
  const token = scene.token()
  expect(outcomeOf(await scene.send(verifier, token))).toBe('admitted')
  for (const at of [2, Math.floor(token.length / 2), token.length - 3]) {
    const other = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    expect(outcomeOf(await scene.send(verifier, other)), `${at}`).toMatch(/^token_/)
  }
  expect(verifier.health().caches.tokens).toBe(1)
})

function everySecond(from: number, to: number): number[] {
  return Array.from({ length: Math.ceil(to - from) + 1 }, (_, index) => from + index)
}
