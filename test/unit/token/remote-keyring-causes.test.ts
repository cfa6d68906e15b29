import { describe, expect, test } from 'vitest'
import { Denial } from '../../../src/refusal/denial.ts'
import { describePassedOver } from '../../../src/token/keys.ts'
import { issuerUrl } from '../../support/kit.ts'
import { a, b, causeOf, createRing, loadedRing, published } from './rings.ts'

describe('causes', () => {
  test('RFC 7517 §5: a set without usable keys is named as such, with what was passed over, and load() says the same', async () => {
    const empty = await loadedRing({}, { keys: [] })
    const cause = causeOf(empty.findNow('k1'))
    expect(cause).toMatch(/\w$/)
    const unusable = await loadedRing({}, { keys: [{ ...published(a, 'k1'), use: 'enc' }] })
    const passedOver = describePassedOver({ keys: [], passedOver: { 'use is not sig': 1 } })
    expect(causeOf(unusable.findNow('k1'))).toBe(`${cause}; ${passedOver}`)
    const thrown: unknown = await empty.keyring.load().catch((error: unknown) => error)
    expect(thrown).toMatchObject({ cause: { message: cause } })
  })

  test('RFC 7517 §5: where there are keys only those that were passed over are named', async () => {
    const keys = [published(a, 'k1'), { ...published(b, 'k2'), use: 'enc' }]
    const ring = await loadedRing({}, { keys })
    const passedOver = describePassedOver({ keys: [], passedOver: { 'use is not sig': 1 } })
    ring.clock.advance(1)
    expect(ring.findNow('k2')).toMatchObject({ code: 'keys_unavailable', facts: { cause: passedOver } })
  })

  test('Keys: where nothing is wrong no cause is made up', async () => {
    const ring = await loadedRing()
    ring.clock.advance(1)
    expect(ring.findNow('new')).toMatchObject({ code: 'keys_unavailable', retryAfter: 29 })
    const closed = createRing()
    closed.keyring.close()
    for (const found of [ring.findNow('new'), closed.findNow('k1')]) {
      expect(found instanceof Denial && found.facts).toStrictEqual({ issuer: issuerUrl })
    }
    const thrown: unknown = await closed.keyring.load().catch((error: unknown) => error)
    expect(thrown).toMatchObject({ cause: { message: expect.stringMatching(/\w/) } })
  })
})
