import { type MemoryReplayStore, memoryReplayStore, OptionsError } from 'onbehalf'
import { createTestClock, type TestClock } from 'onbehalf/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { createKit } from '../../support/kit.ts'

let clock: TestClock

beforeEach(() => {
  clock = createTestClock()
})

const make = (capacity: number, quota?: number): MemoryReplayStore => memoryReplayStore({ capacity, quota, clock })
const inSeconds = (seconds: number) => seconds * 1_000

function fill(store: MemoryReplayStore, count: number, partition: string, seconds = 60): readonly string[] {
  return Array.from({ length: count }, (_, at) => store.add(`${partition}-${at}`, inSeconds(seconds), partition))
}

describe('capacity', () => {
  test('RFC 9449 §11.1: a full memory forgets nothing and takes nothing', () => {
    const store = make(10, 1)
    expect(new Set(fill(store, 10, 'a'))).toEqual(new Set(['fresh']))
    expect(store.add('one-more', inSeconds(60), 'a')).toBe('full')
    expect(fill(store, 10, 'a')).toEqual(Array.from({ length: 10 }, () => 'seen'))
    expect(store).toMatchObject({ size: 10, capacity: 10 })
  })

  test('RFC 9449 §11.1: seen wins over full and quota', () => {
    const store = make(10, 0.5)
    fill(store, 5, 'a')
    fill(store, 5, 'b')
    expect(store.add('a-0', inSeconds(60), 'a')).toBe('seen')
    expect(store.add('new', inSeconds(60), 'a')).toBe('full')
  })

  test('RFC 9449 §11.1: there is room again once entries have ended', () => {
    const store = make(10, 1)
    fill(store, 10, 'a')
    clock.advance(60)
    expect(store.add('new', inSeconds(60), 'a')).toBe('full')
    clock.advance(0.001)
    expect(store.add('new', inSeconds(60), 'a')).toBe('fresh')
    expect(store.size).toBe(1)
  })

  test('RFC 9449 §11.1: a full memory is an outage, never an open door', async () => {
    const replay = memoryReplayStore({ capacity: 1, quota: 1 })
    const kit = await createKit({ verifier: { dpop: { replay } } })
    expect([await kit.code(), await kit.code()]).toEqual(['admitted', 'replay_unavailable'])
  })

  test('RFC 9449 §11.1: the default holds a million', () => {
    expect(memoryReplayStore().capacity).toBe(1_000_000)
  })
})

describe('quota', () => {
  test('RFC 9449 §11.1: a client may use half of an empty memory, then its share', () => {
    const store = make(100, 0.1)
    expect(new Set(fill(store, 51, 'greedy'))).toEqual(new Set(['fresh']))
    expect(store.add('greedy-more', inSeconds(60), 'greedy')).toBe('quota')
  })

  test('RFC 9449 §11.1: others still have their share', () => {
    const store = make(100, 0.1)
    fill(store, 51, 'greedy')
    expect(fill(store, 11, 'modest')).toEqual([...Array.from({ length: 10 }, () => 'fresh'), 'quota'])
    expect(store.add('third', inSeconds(60), 'third')).toBe('fresh')
  })

  test('RFC 9449 §11.1: fresh keys of one client are one client', async () => {
    const replay = memoryReplayStore({ capacity: 10, quota: 0.1 })
    const kit = await createKit({ verifier: { dpop: { replay } } })
    const codes: string[] = []
    for (let key = 0; key < 8; key++) {
      const agent = await kit.issuer.agent('travel-7')
      codes.push(await kit.code({ prover: agent, token: { agent } }))
    }
    expect(codes).toEqual([...Array.from({ length: 6 }, () => 'admitted'), 'rate_limited', 'rate_limited'])
    const neighbour = await kit.issuer.agent('neighbour')
    expect(await kit.code({ prover: neighbour, token: { agent: neighbour } })).toBe('admitted')
  })

  test('RFC 9449 §11.1: the share comes back as entries end', () => {
    const store = make(10, 0.2)
    fill(store, 6, 'a')
    expect(store.add('a-new', inSeconds(60), 'a')).toBe('quota')
    clock.advance(61)
    expect(store.add('a-new', inSeconds(60), 'a')).toBe('fresh')
  })
})

describe('retention and forgetting', () => {
  test('RFC 9449 §11.1: an entry goes only when both clocks are past its end', () => {
    const store = make(10)
    store.add('one', inSeconds(60), 'a')
    clock.step(120)
    expect(store.add('one', inSeconds(1), 'a')).toBe('seen')
    clock.step(-120)
    clock.advance(60)
    expect(store.add('one', inSeconds(1), 'a')).toBe('seen')
  })

  test('RFC 9449 §11.1: what ends where entries were forgotten is no answer, what ends elsewhere is', () => {
    const store = make(10)
    store.add('one', inSeconds(60), 'a')
    clock.advance(61)
    store.add('touch', inSeconds(60), 'a')
    clock.step(-61)
    expect(() => store.add('late', inSeconds(60), 'a')).toThrow()
    expect(() => store.add('one', inSeconds(60), 'a')).toThrow()
    expect(store.add('before', inSeconds(60) - 1, 'a')).toBe('fresh')
    expect(store.add('behind', inSeconds(60) + 1, 'a')).toBe('fresh')
  })

  test('RFC 9449 §11.1: a clock that has stepped back is our outage, and refuses no proof with another end', async () => {
    const kit = await createKit()
    const token = await kit.token()
    const proof = await kit.agent.proof({ method: 'GET', url: 'https://api.example.test/tools', token })
    expect(await kit.code({ token, proof })).toBe('admitted')
    kit.issuer.clock.advance(75)
    expect(await kit.code()).toBe('admitted')
    expect(kit.verifier.health().replay).not.toHaveProperty('lastError')
    kit.issuer.clock.step(-75)
    expect(await kit.code({ token, proof })).toBe('replay_unavailable')
    expect(kit.verifier.health().replay).toHaveProperty('lastError')
    kit.issuer.clock.advance(1)
    expect(await kit.code()).toBe('admitted')
  })

  test('RFC 9449 §11.1: a clock that ran an hour ahead and was corrected locks nobody out', async () => {
    const kit = await createKit()
    expect(await kit.code()).toBe('admitted')
    kit.issuer.clock.step(3_600)
    expect(await kit.code()).toBe('admitted')
    kit.issuer.clock.advance(100)
    expect(await kit.code()).toBe('admitted')
    kit.issuer.clock.step(-3_600)
    for (let round = 0; round < 20; round++) {
      expect(await kit.code()).toBe('admitted')
      kit.issuer.clock.advance(7)
    }
  })

  test('RFC 9449 §11.1: entries with different ends go one stretch after another', () => {
    const store = make(10, 1)
    for (const seconds of [10, 30, 50]) store.add(`ends-${seconds}`, inSeconds(seconds), 'a')
    clock.advance(20)
    store.add('touch', inSeconds(600), 'a')
    expect(store.size).toBe(3)
    clock.advance(20)
    expect(store.add('ends-50', inSeconds(10), 'a')).toBe('seen')
    expect(store.size).toBe(2)
  })
})

describe('options', () => {
  test.each([
    { capacity: 0 },
    { capacity: -1 },
    { capacity: 1.5 },
    { capacity: Number.POSITIVE_INFINITY },
    { quota: 0 },
    { quota: 1.1 },
    { quota: Number.NaN },
  ])('RFC 9449 §11.1: no memory without bounds: %j', (options) => {
    expect(() => memoryReplayStore(options)).toThrow(OptionsError)
  })
})
