import { createTestClock } from 'onbehalf/testing'
import { expect, test } from 'vitest'
import { readOptions } from '../../../src/options/policy.ts'
import { Denial } from '../../../src/refusal/denial.ts'
import { createTrust } from '../../../src/token/trust.ts'
import { createTokenVerifier } from '../../../src/token/verify.ts'
import { sha256 } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { outcomeOf, resource } from '../../support/kit.ts'

const forge: Forge = await createForge()

test('AT-16: a token cached by one verifier is still refused by a verifier of another audience', async () => {
  const ours = forge.verifierWith()
  const theirs = forge.verifierWith({ audience: 'https://other.example.test' })
  const both = forge.verifierWith({ audience: ['https://other.example.test', resource] })
  const token = forge.token()
  for (const round of ['cold', 'warm', 'warmer']) {
    expect(await forge.code({ verifier: ours, token }), round).toBe('admitted')
    expect(await forge.code({ verifier: both, token }), round).toBe('admitted')
    expect(await forge.code({ verifier: theirs, token }), round).toBe('token_audience')
  }
  expect([ours, both, theirs].map((verifier) => verifier.health().caches.tokens)).toEqual([1, 1, 0])
})

test('AT-16: the audience of the issuer replaces that of the verifier, warm and cold', async () => {
  const own = forge.verifierTrusting({ audience: 'urn:mine' }, { audience: resource })
  const mine = forge.token({ aud: 'urn:mine' })
  for (const round of ['cold', 'warm']) {
    expect(await forge.code({ verifier: own, token: mine }), round).toBe('admitted')
    expect(await forge.code({ verifier: own, token: forge.token() }), round).toBe('token_audience')
  }
})

test('AT-16: ceiling, algorithms and actor rules of a second verifier are not skipped either', async () => {
  const lenient = forge.verifierTrusting({
    maxTokenSeconds: 3_600,
    actorIssuers: 'any',
    dangerously: { allowUnbound: true },
  })
  const strict = forge.verifierWith()
  const now = forge.clock.now() / 1_000
  const long = forge.token({ exp: now + 3_600 })
  const foreign = forge.token({ act: { sub: 'a', iss: 'https://far.example.test' } })
  const unbound = forge.token({ cnf: undefined })
  expect(await forge.code({ verifier: lenient, token: long })).toBe('admitted')
  expect(await forge.code({ verifier: strict, token: long })).toBe('token_lifetime')
  expect(await forge.code({ verifier: lenient, token: foreign })).toBe('admitted')
  expect(await forge.code({ verifier: strict, token: foreign })).toBe('delegation_not_allowed')
  expect(await forge.code({ verifier: lenient, token: unbound, scheme: 'Bearer' })).toBe('admitted')
  expect(await forge.code({ verifier: strict, token: unbound, scheme: 'Bearer' })).toBe('binding_missing')
})

/** Bounds around which cached and fresh verdicts could differ. */
const lives: readonly (readonly [string, (now: number) => Members])[] = [
  ['exp', (now) => ({ iat: now - 2, exp: now + 20 })],
  ['exp with a fraction', (now) => ({ iat: now - 2.5, exp: now + 20.5 })],
  ['nbf', (now) => ({ iat: now - 10, nbf: now + 3, exp: now + 30 })],
  ['iat ahead', (now) => ({ iat: now + 4, exp: now + 30 })],
  ['a life of one second', (now) => ({ iat: now, exp: now + 1 })],
]

test.each(lives)(
  'Cache: around %s a cached token has the verdict of a fresh one at every second, forwards and backwards',
  async (_, life) => {
    const clock = createTestClock()
    const own = { ...forge, clock }
    const start = clock.now() / 1_000
    const token = forge.token(life(start))
    const warm = forge.verifierWith({ clock, cache: { tokenSeconds: 3_600 } })
    const proofFor = () => ({ proof: { claims: { iat: Math.floor(clock.now() / 1_000) } } })
    expect(await forge.code({ verifier: warm, token, ...proofFor() })).toBe('admitted')
    const outcomes = new Set<string>()
    for (const second of [...everySecond(-8, 36), ...everySecond(-8.5, 36).reverse()]) {
      clock.step(start + second - clock.now() / 1_000)
      const cold = forge.verifierWith({ clock })
      const [fresh, cached] = [
        await own.call({ verifier: cold, token, ...proofFor() }),
        await own.call({ verifier: warm, token, ...proofFor() }),
      ]
      outcomes.add(outcomeOf(fresh))
      expect(warm.health().caches.tokens).toBe(1)
      expect(outcomeOf(cached), `${second}`).toBe(outcomeOf(fresh))
    }
    expect([...outcomes].sort()).toEqual(['admitted', 'token_expired', 'token_not_active'])
  },
)

/** The token verifier alone, so that its signature checks can be counted. */
function countingReader(cache: { tokens?: number; tokenSeconds?: number }) {
  const clock = createTestClock(forge.clock.now())
  const policy = readOptions({ issuer: forge.trust, resource, clock, cache })
  let prepared = 0
  const reader = createTokenVerifier(policy, createTrust(policy), () => ++prepared)
  function read(token: string): number | Denial {
    const answer = reader.verify({ scheme: 'DPoP', token, tokenHash: sha256(token) })
    if (answer instanceof Promise) throw new Error('static keys need no promise')
    return answer
  }
  return { clock, reader, read, verifications: () => prepared }
}

test('Cache: a cached token is verified anew once tokenSeconds of the monotonic clock have passed', () => {
  const { clock, read, verifications } = countingReader({ tokenSeconds: 10 })
  const token = forge.token()
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

test('Cache: with tokenSeconds 0 every token is verified anew', () => {
  const { read, verifications } = countingReader({ tokenSeconds: 0 })
  const token = forge.token()
  for (let round = 1; round <= 3; round++) {
    read(token)
    expect(verifications()).toBe(round)
  }
})

test('Cache: it is bounded; the least recently used token leaves', () => {
  const { reader, read, verifications } = countingReader({ tokens: 3 })
  const tokens = Array.from({ length: 4 }, () => forge.token())
  for (const token of tokens) read(token)
  expect({ cached: reader.cachedTokens, verified: verifications() }).toEqual({ cached: 3, verified: 4 })
  for (const token of tokens.slice(1)) read(token)
  expect(verifications()).toBe(4)
  read(tokens[0] ?? '')
  expect(verifications()).toBe(5)
})

test('Cache: only successes are cached', () => {
  const { reader, read, verifications } = countingReader({})
  const now = forge.clock.now() / 1_000
  const bad = [
    `${forge.token()}.x`,
    forge.token({}, { typ: 'JWT' }),
    forge.token({}, { kid: 'k9' }),
    forge.token({ sub: 1 }),
    forge.token({ aud: 'x' }),
    forge.token({ nbf: now + 100 }),
    forge.token({ exp: now + 301 }),
    forge.token({ iat: now - 200, exp: now - 100 }),
    forge.token().replace(/[^.]+$/, 'A'.repeat(86)),
  ]
  for (const token of [...bad, ...bad]) expect(read(token)).toBeInstanceOf(Denial)
  expect({ cached: reader.cachedTokens, verified: verifications() }).toEqual({ cached: 0, verified: 0 })
})

test('Cache: tokens that share all but one character are different tokens', async () => {
  const verifier = forge.verifierWith()
  const token = forge.token()
  expect(await forge.code({ verifier, token })).toBe('admitted')
  for (const at of [2, Math.floor(token.length / 2), token.length - 3]) {
    const other = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    expect(await forge.code({ verifier, token: other }), `${at}`).toMatch(/^token_/)
  }
  expect(verifier.health().caches.tokens).toBe(1)
})

function everySecond(from: number, to: number): number[] {
  return Array.from({ length: Math.ceil(to - from) + 1 }, (_, index) => from + index)
}
