import { memoryReplayStore } from 'onbehalf'
import { medianOf } from '../ratio.ts'
import { sha256 } from '../raw.ts'
import type { Depth, Measurement, Section } from '../results.ts'
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
  const growing: number[] = []
  const steady: number[] = []
  for (let generation = 0; generation < 18; generation++) {
    const pauses: number[] = []
    fill(perGeneration, pauses)
    // The first that is forgotten was taken in six generations ago.
    ;(generation > 7 ? steady : growing).push(Math.max(...pauses))
    advance(generationMs)
  }
  if (store.size > size * 1.4) throw new Error(`nothing was forgotten: ${store.size}`)
  const idle = steady.map(() => longestOfNothing(perGeneration))
  const pause = (name: string, raw: readonly number[]) =>
    ({ name: `replay store, longest ${name}`, value: medianOf(raw), unit: 'ms', raw }) as const
  return [
    {
      ...pause('add as a generation ends', steady),
      target: { max: 5 },
      note: 'median of the longest in each of ten generations; garbage collection and the machine included',
    },
    pause('add as it grows', growing),
    { ...pause('pause of the machine', idle), note: 'the same loop with the hash alone' },
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
    const answer = store.add(name, now + liveMs, partitions[index % partitions.length] as string)
    if (answer !== 'fresh') throw new Error(`a new proof was ${answer}`)
  }

  /** Microseconds per add, by block. `pauses` gets the longest add of each block, in milliseconds. */
  const fill = (count: number, pauses?: number[]): readonly number[] => {
    const times: number[] = []
    for (let done = 0; done < count; done += block) {
      const names = makeNames(Math.min(block, count - done))
      const start = performance.now()
      if (pauses === undefined) names.forEach(add)
      else pauses.push(longestAdd(names))
      times.push(((performance.now() - start) * 1_000) / names.length)
    }
    return times
  }

  const longestAdd = (names: readonly string[]): number => {
    let longest = 0
    let last = performance.now()
    for (const [index, name] of names.entries()) {
      add(name, index)
      const end = performance.now()
      longest = Math.max(longest, end - last)
      last = end
    }
    return longest
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
