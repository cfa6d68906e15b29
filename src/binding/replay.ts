import { systemClock } from '../internal/clock.ts'
import { sha256 } from '../internal/hash.ts'
import { OptionReader } from '../internal/option-reader.ts'
import type { Clock, ReplayAnswer, ReplayStore } from '../types.ts'

/** The built-in store also says `past`: the proof ended at or before the latest end forgotten, so nobody can vouch for it. */
export type MemoryAnswer = ReplayAnswer | 'past'

export interface MemoryReplayStore extends ReplayStore {
  add(key: string, expiresAt: number, partition: string): ReplayAnswer
  readonly size: number
  readonly capacity: number
  /** @internal The verifier's shorter way: its own clock, and no digest of a digest. */
  remember(key: string, expiresAt: number, partition: string, now: number, monotonic: number): MemoryAnswer
}

/** Entries that end within the same stretch of time; forgotten together. */
interface Generation {
  /** Latest end of an entry, in wall time, and until when one must stay on the monotonic clock. Milliseconds. */
  latestEnd: number
  retainUntil: number
  readonly keys: Set<string>
  readonly perPartition: Map<string, number>
}

const generationMs = 10_000

/**
 * Remembers the proofs seen, for the life of this process, until each can no longer be accepted. Never forgets a live
 * entry: at `capacity` it answers `full`. `quota`: the share one client may hold once half the capacity is taken.
 * It knows nothing of other processes: behind a load balancer give the instances a shared store.
 */
export function memoryReplayStore(
  options: { capacity?: number | undefined; quota?: number | undefined; clock?: Clock | undefined } = {},
): MemoryReplayStore {
  const { capacity, quota, clock } = readStoreOptions(options)
  const generations = new Map<number, Generation>()
  let size = 0
  /** The latest end among the entries forgotten. */
  let floor = Number.NEGATIVE_INFINITY

  function remember(key: string, expiresAt: number, partition: string, now: number, monotonic: number): MemoryAnswer {
    forgetPast(now, monotonic)
    for (const generation of generations.values()) if (generation.keys.has(key)) return 'seen'
    if (!(expiresAt > floor)) return 'past'
    if (size >= capacity) return 'full'
    if (size > capacity / 2 && held(partition) >= quota * capacity) return 'quota'
    const generation = generationOf(expiresAt)
    generation.keys.add(key)
    generation.perPartition.set(partition, (generation.perPartition.get(partition) ?? 0) + 1)
    generation.latestEnd = Math.max(generation.latestEnd, expiresAt)
    generation.retainUntil = Math.max(generation.retainUntil, monotonic + (expiresAt - now))
    size++
    return 'fresh'
  }

  /** Both clocks must agree that an entry is past: neither a jump of wall time nor a suspended process shortens a life. */
  function forgetPast(now: number, monotonic: number): void {
    for (const [slot, generation] of generations) {
      if (!(now > generation.latestEnd && monotonic > generation.retainUntil)) continue
      generations.delete(slot)
      size -= generation.keys.size
      floor = Math.max(floor, generation.latestEnd)
    }
  }

  function held(partition: string): number {
    let count = 0
    for (const generation of generations.values()) count += generation.perPartition.get(partition) ?? 0
    return count
  }

  function generationOf(expiresAt: number): Generation {
    const slot = Math.floor(expiresAt / generationMs)
    const known = generations.get(slot)
    if (known !== undefined) return known
    const fresh: Generation = {
      latestEnd: Number.NEGATIVE_INFINITY,
      retainUntil: Number.NEGATIVE_INFINITY,
      keys: new Set(),
      perPartition: new Map(),
    }
    generations.set(slot, fresh)
    return fresh
  }

  const store: MemoryReplayStore = {
    add(key, expiresAt, partition) {
      const answer = remember(key, expiresAt, partition, clock.now(), clock.monotonic())
      return answer === 'past' ? 'seen' : answer
    },
    remember,
    get size() {
      return size
    },
    capacity,
  }
  ours.add(store)
  return store
}

function readStoreOptions(options: unknown): { capacity: number; quota: number; clock: Clock } {
  const read = new OptionReader()
  const raw = read.object('memoryReplayStore', options, ['capacity', 'quota', 'clock']) ?? {}
  const capacity = read.number('memoryReplayStore.capacity', raw['capacity'], 1, 16_000_000) ?? 1_000_000
  const quota = raw['quota'] ?? 0.1
  if (!(typeof quota === 'number' && quota > 0 && quota <= 1)) {
    read.problem('memoryReplayStore.quota', 'must be a number above 0, at most 1')
  }
  const clock = read.methods<Clock>('memoryReplayStore.clock', raw['clock'], ['now', 'monotonic']) ?? systemClock
  read.finish()
  return { capacity, quota: quota as number, clock }
}

/** By identity: a store that wraps one of ours, or has a method of the same name, is asked through its own `add`. */
export function isMemoryReplayStore(store: ReplayStore): store is MemoryReplayStore {
  return ours.has(store)
}

const ours = new WeakSet<ReplayStore>()

/** One proof of one key: the thumbprint has a fixed length and no NUL, so no two pairs share a key. */
export function replayKey(jkt: string, jti: string): string {
  return sha256(`${jkt}\0${jti}`)
}
