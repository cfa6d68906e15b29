import { memoryReplayStore } from 'onbehalf'
import { medianOf, quantileOf } from '../ratio.ts'
import { sha256 } from '../raw.ts'
import type { Depth, Measurement, Section, Target } from '../results.ts'
import { randomText } from '../text.ts'

/** The memory of proofs at its size limit, on a clock that is moved by hand. Needs a process of its own, with --expose-gc. */

const sizes: Readonly<Record<Depth, number>> = { check: 100_000, full: 1_000_000 }
const liveMs = 60_000
const generationMs = 10_000
/** A million random names would themselves be what is measured: they are made by the block. */
const block = 10_000

export const replayStore: Section = async (depth) => {
  const size = sizes[depth]
  return [...measureSize(size), ...measurePace(size)]
}

/** What is still there for each live proof when all else is collected. */
function measureSize(size: number): readonly Measurement[] {
  const before = bytesInUse()
  const { store, fill } = createStore(size + block)
  const times = fill(size)
  const bytes = (bytesInUse() - before) / size
  if (store.size !== size) throw new Error(`${store.size} live proofs, not ${size}`)
  const atSize = times.slice(-10)
  return [
    { name: 'replay store, bytes per live proof', value: bytes, unit: 'bytes', raw: [bytes], target: { max: 64 } },
    {
      name: 'replay store, add at that size',
      value: medianOf(atSize),
      unit: 'µs',
      raw: atSize,
      target: { max: 1 },
      note: `${size} live; blocks of ${block}, hashing of the name and the partition included`,
    },
  ]
}

/** A steady stream: every ten seconds a generation comes to its end and another has come. */
function measurePace(size: number): readonly Measurement[] {
  const { store, fill, advance } = createStore(size * 2)
  const perGeneration = Math.floor((size * generationMs) / liveMs)
  const first: number[] = []
  const slow: number[] = []
  const longest: number[] = []
  for (let generation = 0; generation < 18; generation++) {
    const times: number[] = []
    fill(perGeneration, times)
    // The first that is forgotten was taken in six generations ago.
    if (generation > 7) {
      first.push(times[0] ?? Number.NaN)
      slow.push(quantileOf(times, 0.9999))
      longest.push(quantileOf(times, 1))
    }
    advance(generationMs)
  }
  if (store.size > size * 1.4) throw new Error(`nothing was forgotten: ${store.size}`)
  const idle = longest.map(() => longestOfNothing(perGeneration))
  const pause = (name: string, raw: readonly number[], note: string, target?: Target) =>
    ({ name: `replay store, ${name}`, value: medianOf(raw), unit: 'ms', raw, note, ...(target && { target }) }) as const
  return [
    pause('the add that ends a generation', first, 'median of ten generations', { max: 5 }),
    pause('add that moves a part of the table', slow, 'all but one in ten thousand are quicker', { max: 5 }),
    pause('longest add', longest, 'garbage collection and the machine included'),
    pause('longest of nothing', idle, 'the same loop with a hash in place of the add'),
  ]
}

function longestOfNothing(count: number): number {
  let longest = 0
  for (let done = 0; done < count; done += block) {
    const names = makeNames(Math.min(block, count - done))
    let last = performance.now()
    for (const name of names) {
      sha256(name)
      const end = performance.now()
      longest = Math.max(longest, end - last)
      last = end
    }
  }
  return longest
}

function createStore(capacity: number) {
  let now = 1_800_000_000_000
  const store = memoryReplayStore({ capacity, quota: 1, clock: { now: () => now, monotonic: () => now } })

  const add = (name: string, index: number) => {
    const answer = store.add(name, liveMs, partitions[index % partitions.length] as string)
    if (answer !== 'fresh') throw new Error(`a new proof was ${answer}`)
  }

  /** Microseconds per add, by block. `each` gets the milliseconds of every one. */
  const fill = (count: number, each?: number[]): readonly number[] => {
    const times: number[] = []
    for (let done = 0; done < count; done += block) {
      const names = makeNames(Math.min(block, count - done))
      const start = performance.now()
      if (each === undefined) names.forEach(add)
      else addTimed(names, each)
      times.push(((performance.now() - start) * 1_000) / names.length)
    }
    return times
  }

  const addTimed = (names: readonly string[], each: number[]) => {
    for (const [index, name] of names.entries()) {
      const start = performance.now()
      add(name, index)
      each.push(performance.now() - start)
    }
  }

  const advance = (ms: number) => {
    now += ms
  }
  return { store, fill, advance }
}

function makeNames(count: number): readonly string[] {
  return Array.from({ length: count }, () => randomText(43))
}

const partitions = Array.from({ length: 1_000 }, () => randomText(43))

function bytesInUse(): number {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('this section needs --expose-gc')
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
