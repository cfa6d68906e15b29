import { beforeEach, describe, expect, test } from 'vitest'
import { type Digest, digestOf } from '../../../src/replay/digest.ts'
import { createDigestSet, type DigestSet } from '../../../src/replay/digest-set.ts'

let live: Set<number>
let set: DigestSet

beforeEach(() => {
  live = new Set([1])
  set = createDigestSet((mark) => live.has(mark))
})

function fill(count: number, name: string, mark: number): readonly Digest[] {
  const digests = Array.from({ length: count }, (_, at) => digestOf(`${name}-${at}`))
  for (const digest of digests) set.add(digest, mark)
  return digests
}

const found = (digests: readonly Digest[]) => digests.filter((digest) => set.has(digest)).length

describe('membership', () => {
  test('REPLAY: an empty set has nothing, not even the digest of zeros', () => {
    expect(set.has({ a: 0, b: 0, c: 0, d: 0 })).toBe(false)
    set.add({ a: 0, b: 0, c: 0, d: 0 }, 1)
    expect(set.has({ a: 0, b: 0, c: 0, d: 0 })).toBe(true)
  })

  test.each(['a', 'b', 'c', 'd'] as const)('REPLAY: word %s tells digests apart', (word) => {
    const digest = { a: 1, b: 2, c: 3, d: 256 }
    set.add(digest, 1)
    // 256 more keeps the shard and the first slot, so that only the comparison can tell.
    expect(set.has({ ...digest, [word]: digest[word] + 256 })).toBe(false)
    expect(set.has({ ...digest, [word]: ~digest[word] })).toBe(false)
    expect(set.has(digest)).toBe(true)
  })

  test('REPLAY: growth loses nothing and invents nothing', () => {
    const digests = fill(20_000, 'in', 1)
    expect(found(digests)).toBe(20_000)
    expect(Array.from({ length: 20_000 }, (_, at) => digestOf(`out-${at}`)).filter(set.has)).toEqual([])
  })

  test('REPLAY: digests that all begin at the last slot of one shard are kept round its end', () => {
    const digests = Array.from({ length: 300 }, (_, at) => ({ a: -1, b: at, c: 0, d: 7 }))
    for (const digest of digests) set.add(digest, 1)
    expect(found(digests)).toBe(300)
    expect(set.has({ a: -1, b: 300, c: 0, d: 7 })).toBe(false)
  })
})

describe('marks', () => {
  test('REPLAY: an entry whose mark is no longer live is not in the set', () => {
    const old = fill(100, 'old', 1)
    live = new Set([2])
    const fresh = fill(100, 'new', 2)
    expect([found(old), found(fresh)]).toEqual([0, 100])
  })

  test('REPLAY: a digest added again under a live mark is found behind its dead entry', () => {
    const old = fill(100, 'old', 1)
    live = new Set([2])
    for (const digest of old) set.add(digest, 2)
    expect(found(old)).toBe(100)
  })

  test('REPLAY: rebuilding keeps the live entries among many dead ones', () => {
    live = new Set([1, 1_000])
    const kept = fill(2_000, 'kept', 1_000)
    for (let mark = 1; mark < 20; mark++) {
      live = new Set([mark, 1_000])
      const digests = fill(2_000, `mark-${mark}`, mark)
      expect(found(digests)).toBe(2_000)
    }
    expect(found(kept)).toBe(2_000)
  })

  test('REPLAY: a steady stream, where the dead make room for the new, needs no more memory', () => {
    // A first full turn lets every shard find its size.
    const turn = (mark: number) => {
      live = new Set([mark - 1, mark])
      fill(5_000, `mark-${mark}`, mark)
    }
    for (let mark = 1; mark < 10; mark++) turn(mark)
    const asked: number[] = []
    const Original = globalThis.Int32Array
    globalThis.Int32Array = new Proxy(Original, {
      construct(target, args: [number]) {
        asked.push(args[0])
        return new target(...args)
      },
    })
    try {
      for (let mark = 10; mark < 30; mark++) turn(mark)
    } finally {
      globalThis.Int32Array = Original
    }
    // 10 000 live entries in 256 shards: 39 each, so 64 slots of five words, 128 in a shard that got more than its share.
    expect(asked.length).toBeGreaterThan(256)
    expect(Math.max(...asked)).toBeLessThanOrEqual(128 * 5)
  })
})
