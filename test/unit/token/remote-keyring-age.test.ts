import { createTestClock } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { until } from '../../support/key-home.ts'
import { createRing, keyOf, loadedRing, onlyA, outcome } from './rings.ts'

describe('the age of keys', () => {
  test('P26: at freshSeconds they are still believed, and no moment longer unless the issuer is down', async () => {
    const ring = await loadedRing()
    const key = await keyOf(ring)
    const open = ring.hold()
    const vouches = () => ring.keyring.vouchesFor(key, ring.clock.now())
    ring.clock.advance(600)
    expect([vouches(), outcome(ring.findNow('k1')), ring.keyring.state().stale]).toEqual([true, 'k1', false])
    ring.clock.advance(0.001)
    expect([vouches(), outcome(ring.findNow('k1')), ring.keyring.state().stale]).toEqual([false, 'had to wait', true])
    ring.publish(undefined)
    open()
    await until(() => ring.keyring.state().failures.length > 0)
    expect(vouches()).toBe(true)
  })

  test.each(['find', 'vouchesFor'])(
    'P26: %s fetches anew beyond four fifths of freshSeconds, not before',
    async (how) => {
      const ring = await loadedRing()
      const key = await keyOf(ring)
      const use = () => (how === 'find' ? ring.findNow('k1') : ring.keyring.vouchesFor(key, ring.clock.now()))
      ring.clock.advance(480)
      use()
      expect(ring.asked).toBe(1)
      ring.clock.advance(0.001)
      use()
      expect(ring.asked).toBe(2)
    },
  )

  test('P29: while the issuer is down known keys are given at once, up to staleSeconds', async () => {
    const ring = await loadedRing()
    ring.publish(undefined)
    ring.clock.advance(601)
    expect(outcome(ring.findNow('k1'))).toBe('had to wait')
    await until(() => ring.keyring.state().failures.length > 0)
    for (const seconds of [1, 2_998]) {
      ring.clock.advance(seconds)
      const before = ring.asked
      expect(outcome(ring.findNow('k1'))).toBe('k1')
      expect(ring.asked).toBe(before + 1)
      await new Promise(setImmediate)
    }
    ring.clock.advance(30)
    expect(outcome(ring.findNow('k1'))).toBe('had to wait')
  })

  test('RFC 8414 §3: load() fetches what is older than freshSeconds, and holds keys of an outage for not loaded', async () => {
    const ring = await loadedRing()
    ring.clock.advance(600)
    await ring.keyring.load()
    expect(ring.asked).toBe(1)
    ring.clock.advance(0.001)
    await ring.keyring.load()
    expect(ring.asked).toBe(2)
    ring.clock.advance(601)
    ring.publish(undefined)
    await expect(ring.keyring.load()).rejects.toThrow(Error)
    expect(outcome(ring.findNow('k1'))).toBe('k1')
  })

  test('RFC 8414 §3: load() fetches a set without keys again, however fresh it is', async () => {
    const ring = await loadedRing({}, { keys: [] })
    ring.publish(onlyA())
    await ring.keyring.load()
    expect(outcome(ring.findNow('k1'))).toBe('k1')
  })

  test('P41: a clock that has no time when the keys arrive makes the fetch a failed one, tried again soon', async () => {
    const clock = createTestClock()
    let isBroken = false
    const faulty = { ...clock, monotonic: () => (isBroken ? Number.NaN : clock.monotonic()) }
    const ring = createRing({}, faulty)
    const open = ring.hold()
    const waiting = ring.find('k1')
    isBroken = true
    open()
    expect(outcome(await waiting)).toBe('keys_unavailable')
    isBroken = false
    expect(ring.keyring.state()).toMatchObject({ keys: 0, failures: [] })
    clock.advance(0.25)
    expect(outcome(await ring.find('k1'))).toBe('k1')
  })
})
