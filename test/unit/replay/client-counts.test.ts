import { describe, expect, test } from 'vitest'
import { countEntry, createClientCounts, entriesOf } from '../../../src/replay/client-counts.ts'
import { digestOf } from '../../../src/replay/digest.ts'

const alice = digestOf('alice')
const bob = digestOf('bob')

function countsOf(entries: Readonly<Record<string, number>>) {
  const counts = createClientCounts()
  for (const [name, count] of Object.entries(entries)) {
    for (let at = 0; at < count; at++) countEntry(counts, digestOf(name))
  }
  return counts
}

describe('client counts', () => {
  test('REPLAY: no counts and empty counts hold nothing of a client', () => {
    expect(entriesOf([createClientCounts(), createClientCounts()], alice)).toBe(0)
  })

  test('REPLAY: each client is counted for itself', () => {
    const counts = countsOf({ alice: 3, bob: 1 })
    expect([entriesOf([counts], alice), entriesOf([counts], bob)]).toEqual([3, 1])
  })

  test('REPLAY: a client has the sum over all generations', () => {
    const all = [countsOf({ alice: 3 }), countsOf({ bob: 5 }), countsOf({ alice: 4, bob: 1 })]
    expect([entriesOf(all, alice), entriesOf(all, bob)]).toEqual([7, 6])
    expect(entriesOf(all.slice(1), alice)).toBe(4)
  })

  test('REPLAY: a client that shares its column in three rows of four is still counted exactly', () => {
    const digest = { a: 1, b: 2, c: 3, d: 4 }
    for (const word of ['a', 'b', 'c', 'd'] as const) {
      const counts = createClientCounts()
      countEntry(counts, { ...digest, [word]: 9 })
      expect(entriesOf([counts], digest)).toBe(0)
      countEntry(counts, digest)
      expect(entriesOf([counts], digest)).toBe(1)
    }
  })

  test('REPLAY: words of any sign and size have a column', () => {
    const counts = createClientCounts()
    const extremes = [-(2 ** 31), -1, 0, 2 ** 31 - 1].map((word) => ({ a: word, b: word, c: word, d: word }))
    for (const digest of extremes) countEntry(counts, digest)
    for (const digest of extremes) expect(entriesOf([counts], digest)).toBeGreaterThanOrEqual(1)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4 * extremes.length)
  })

  test('REPLAY: of ten thousand clients none is counted too low, and one alone is counted nearly exactly', () => {
    const counts = createClientCounts()
    for (let at = 0; at < 10_000; at++) countEntry(counts, digestOf(`client-${at}`))
    for (let at = 0; at < 200; at++) countEntry(counts, alice)
    for (let at = 0; at < 10_000; at++) {
      expect(entriesOf([counts], digestOf(`client-${at}`))).toBeGreaterThanOrEqual(1)
    }
    expect(entriesOf([counts], alice)).toBeGreaterThanOrEqual(200)
    // Ten clients share each column on average.
    expect(entriesOf([counts], alice)).toBeLessThan(220)
  })
})
