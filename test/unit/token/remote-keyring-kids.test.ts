import { describe, expect, test } from 'vitest'
import type { Algorithm } from '../../../src/index.ts'
import { Denial } from '../../../src/refusal/denial.ts'
import type { TokenKey } from '../../../src/token/keys.ts'
import { a, b, createRing, loadedRing, onlyA, outcome, published, rsa } from './rings.ts'

describe('tokens without kid', () => {
  const ambiguous = () => ({ keys: [published(a, 'k1'), published(b, 'k2')] })

  test('AT-21: find the only key of an issuer on the network', async () => {
    const ring = createRing()
    expect(outcome(await ring.find(undefined))).toBe('k1')
    expect(outcome(ring.findNow(undefined))).toBe('k1')
  })

  test('AT-21: first seen during the cool-down are our outage, and known to be unknown after the next fetch', async () => {
    const ring = await loadedRing({}, ambiguous())
    ring.clock.advance(10)
    expect(outcome(ring.findNow(undefined))).toBe('keys_unavailable')
    ring.clock.advance(20)
    expect(outcome(await ring.find(undefined))).toBe('token_key_unknown')
    ring.clock.advance(1)
    expect(outcome(ring.findNow(undefined))).toBe('token_key_unknown')
  })

  test('AT-21: are forgotten as unknown once a key was found for them', async () => {
    const ring = await loadedRing({}, ambiguous())
    ring.clock.advance(10)
    expect(outcome(ring.findNow(undefined))).toBe('keys_unavailable')
    ring.publish(onlyA())
    ring.clock.advance(20)
    expect(outcome(await ring.find(undefined))).toBe('k1')
    ring.publish(ambiguous())
    ring.clock.advance(30)
    await ring.find('any')
    ring.clock.advance(1)
    expect(outcome(ring.findNow(undefined))).toBe('keys_unavailable')
  })

  test('AT-21: whose key without kid left the set are unknown at once', async () => {
    const ring = await loadedRing({}, { keys: [published(a, undefined)] })
    expect(outcome(ring.findNow(undefined))).toBe('without kid')
    ring.publish({ keys: [published(rsa, undefined)] })
    ring.clock.advance(30)
    await ring.find('any')
    ring.clock.advance(1)
    expect(outcome(ring.findNow(undefined))).toBe('token_key_unknown')
  })
})

describe('what is remembered of a kid', () => {
  test('Keys: once its key was found, that it had been unknown counts no more', async () => {
    const ring = await loadedRing()
    ring.clock.advance(10)
    expect(outcome(ring.findNow('k2'))).toBe('keys_unavailable')
    ring.publish({ keys: [published(a, 'k1'), published(b, 'k2')] })
    ring.clock.advance(20)
    expect(outcome(await ring.find('k2'))).toBe('k2')
    ring.clock.advance(1)
    expect(outcome(ring.findNow('k2', 'ES384'))).toBe('keys_unavailable')
  })

  test('Keys: a key that was known when it was too old was not unknown', async () => {
    const ring = await loadedRing()
    ring.publish(undefined)
    ring.clock.advance(3_601)
    expect(outcome(await ring.find('k1'))).toBe('keys_unavailable')
    ring.publish(onlyA())
    ring.clock.advance(30)
    expect(outcome(await ring.find('any'))).toBe('token_key_unknown')
    ring.clock.advance(1)
    expect(outcome(ring.findNow('k1', 'ES384'))).toBe('keys_unavailable')
  })

  test('RFC 7517 §4.5: one of 512 characters is looked for, a longer one is not', async () => {
    const [longest, tooLong] = [512, 513].map((length) => 'k'.repeat(length))
    const ring = await loadedRing({}, { keys: [published(a, longest)] })
    expect(outcome(ring.findNow(longest))).toBe(longest)
    ring.clock.advance(30)
    expect(outcome(ring.findNow(tooLong))).toBe('token_key_unknown')
    expect(ring.asked).toBe(1)
  })
})

describe('keys that change', () => {
  test.each<readonly [string, () => readonly [object, object], Algorithm]>([
    ['another key under the same kid', () => [published(a, 'k1'), published(b, 'k1')], 'ES256'],
    ['the same key under another kid', () => [published(a, 'k0'), published(a, 'k1')], 'ES256'],
    ['the same key for another algorithm', () => [published(rsa, 'k1'), published(rsa, 'k1', 'PS256')], 'PS256'],
  ])('P26: %s retires the one known before', async (_, keys, algorithm) => {
    const [before, after] = keys()
    const ring = await loadedRing({}, { keys: [before] })
    const old = [await ring.find('k0'), await ring.find('k1'), await ring.find('k1', 'RS256')].find(
      (found) => !(found instanceof Denial),
    ) as TokenKey
    ring.publish({ keys: [after] })
    ring.clock.advance(601)
    const found = await ring.find('k1', algorithm)
    expect(found).toMatchObject({ kid: 'k1', retired: false })
    expect(found).not.toBe(old)
    expect(old.retired).toBe(true)
    expect(ring.keyring.vouchesFor(old, ring.clock.now())).toBe(false)
  })
})
