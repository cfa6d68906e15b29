import { randomBytes } from 'node:crypto'
import { systemClock } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { shares } from '../options/defaults.ts'
import { readNumber } from '../options/read-number.ts'
import type { Clock, MemoryReplayOptions, ReplayAnswer, ReplayStore } from '../types/options.ts'
import { createChaskey, type Words } from './chaskey.ts'
import { addTo, countIn, createTally, type Tally } from './client-counts.ts'
import { createDigestSet } from './digest-set.ts'

/** The built-in store also says `past`: the proof ended at or before the latest end forgotten, so nobody can vouch for it. */
export type MemoryAnswer = ReplayAnswer | 'past'

export interface MemoryReplayStore extends ReplayStore {
  add(key: string, expiresAt: number, partition: string): ReplayAnswer
  readonly size: number
  readonly capacity: number
  /** @internal The verifier's shorter way: what all proofs of one key and client have in common, made once. */
  ownerOf(jkt: string, partition: string): ProofOwner
  /** @internal The same as `add` for one proof of that owner, by the verifier's clock. */
  remember(owner: ProofOwner, jti: string, expiresAt: number, now: number, monotonic: number): MemoryAnswer
}

/** Of one store alone. */
export interface ProofOwner {
  /** The state of the MAC behind the thumbprint. */
  readonly state: Words
  /** A digest of the partition. */
  readonly client: Words
}

/** Entries that end within the same ten seconds; forgotten together. */
interface Generation {
  readonly mark: number
  /** Latest end of an entry, in wall time, and until when one must stay on the monotonic clock. Milliseconds. */
  latestEnd: number
  retainUntil: number
  size: number
  readonly tally: Tally
}

const generationMs = 10_000

/**
 * Remembers the proofs seen, for the life of this process, until each can no longer be accepted. Never forgets a live
 * entry: at `capacity` it answers `full`. `quota`: the share one client may hold once half the capacity is taken.
 * It knows nothing of other processes: behind a load balancer give the instances a shared store. Verifiers that share one
 * store must be given the same object, and the same rule of freshness.
 */
export function memoryReplayStore(
  options: { capacity?: number | undefined; quota?: number | undefined; clock?: Clock | undefined } = {},
): MemoryReplayStore {
  const { capacity, quota, clock } = readStoreOptions(options)
  /** Clients choose what they are remembered by, but not where: nobody can make two names one, or crowd a corner of the table. */
  const mac = createChaskey(randomWords())
  /** By the ten seconds in which they end, and by mark. */
  const bySlot = new Map<number, Generation>()
  const byMark = new Map<number, Generation>()
  /** Of the generations that live. */
  const tallies: Tally[] = []
  const digests = createDigestSet((mark) => byMark.has(mark))
  let size = 0
  let lastMark = 0
  /** No generation ends before; ends only grow, so it may lie too early, never too late. */
  let earliestEnd = Number.POSITIVE_INFINITY
  /** The latest end among the entries forgotten. */
  let floor = Number.NEGATIVE_INFINITY

  function insert(digest: Words, expiresAt: number, client: Words, now: number, monotonic: number): MemoryAnswer {
    forgetPast(now, monotonic)
    if (digests.has(digest)) return 'seen'
    if (!(expiresAt > floor)) return 'past'
    if (size >= capacity) return 'full'
    if (size > capacity / 2 && countIn(tallies, client) >= quota * capacity) return 'quota'
    const generation = generationOf(expiresAt)
    digests.add(digest, generation.mark)
    addTo(generation.tally, client)
    generation.latestEnd = Math.max(generation.latestEnd, expiresAt)
    earliestEnd = Math.min(earliestEnd, generation.latestEnd)
    generation.retainUntil = Math.max(generation.retainUntil, monotonic + (expiresAt - now))
    generation.size++
    size++
    return 'fresh'
  }

  /** Both clocks must agree that an entry is past: neither a jump of wall time nor a suspended process shortens a life. */
  function forgetPast(now: number, monotonic: number): void {
    if (!(now > earliestEnd)) return
    earliestEnd = Number.POSITIVE_INFINITY
    for (const [slot, generation] of bySlot) {
      if (!(now > generation.latestEnd && monotonic > generation.retainUntil)) {
        earliestEnd = Math.min(earliestEnd, generation.latestEnd)
        continue
      }
      bySlot.delete(slot)
      byMark.delete(generation.mark)
      tallies.splice(tallies.indexOf(generation.tally), 1)
      size -= generation.size
      floor = Math.max(floor, generation.latestEnd)
    }
  }

  function generationOf(expiresAt: number): Generation {
    const slot = Math.floor(expiresAt / generationMs)
    const known = bySlot.get(slot)
    if (known !== undefined) return known
    const past = Number.NEGATIVE_INFINITY
    const fresh = { mark: ++lastMark, latestEnd: past, retainUntil: past, size: 0, tally: createTally() }
    bySlot.set(slot, fresh)
    tallies.push(fresh.tally)
    byMark.set(fresh.mark, fresh)
    return fresh
  }

  const store: MemoryReplayStore = {
    add(key, expiresAt, partition) {
      const now = clock.now()
      const monotonic = clock.monotonic()
      const answer = insert(mac.tag(key), expiresAt, mac.tag(partition), now, monotonic)
      return answer === 'past' ? 'seen' : answer
    },
    // A thumbprint has 43 characters: with the spaces it fills whole blocks of the MAC.
    ownerOf: (jkt, partition) => ({ state: mac.absorb(jkt.padEnd(48)), client: mac.tag(partition) }),
    remember: ({ state, client }, jti, expiresAt, now, monotonic) =>
      insert(mac.tag(jti, state), expiresAt, client, now, monotonic),
    get size() {
      return size
    },
    capacity,
  }
  ours.add(store)
  return store
}

function randomWords(): Words {
  const octets = randomBytes(16)
  return {
    a: octets.readInt32LE(0),
    b: octets.readInt32LE(4),
    c: octets.readInt32LE(8),
    d: octets.readInt32LE(12),
  }
}

const optionNames = namesOf<MemoryReplayOptions>({ capacity: true, quota: true, clock: true })

function readStoreOptions(options: unknown): { capacity: number; quota: number; clock: Clock } {
  const read = new OptionReader()
  const raw: RawOptions<keyof MemoryReplayOptions> = read.object('memoryReplayStore', options, optionNames) ?? {}
  const capacity = readNumber(read, 'memoryReplayStore.capacity', raw.capacity)
  const { default: usualQuota, most } = shares['memoryReplayStore.quota']
  const quota = read.share('memoryReplayStore.quota', raw.quota, most) ?? usualQuota
  const clock = read.methods<Clock>('memoryReplayStore.clock', raw.clock, ['now', 'monotonic']) ?? systemClock
  read.finish()
  return { capacity, quota, clock }
}

/** By identity: a store that wraps one of ours, or has a method of the same name, is asked through its own `add`. */
export function isMemoryReplayStore(store: ReplayStore): store is MemoryReplayStore {
  return ours.has(store)
}

const ours = new WeakSet<ReplayStore>()

/** One proof of one key: the thumbprint has a fixed length and no NUL, so no two pairs share a name. */
export function replayName(jkt: string, jti: string): string {
  return `${jkt}\0${jti}`
}
