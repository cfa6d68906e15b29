import { randomBytes } from 'node:crypto'
import { clockFrom } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { shares } from '../options/defaults.ts'
import { readNumber } from '../options/read-number.ts'
import type { Clock, MemoryReplayOptions, ReplayAnswer, ReplayStore } from '../types/options.ts'
import { type Digest, digestOf } from './digest.ts'
import { createDigestSet, type DigestSet } from './digest-set.ts'
import { Generations } from './generations.ts'

/**
 * The built-in store also answers `forgotten`: the clock has no time, or has stepped back to where the store has forgotten
 * proofs already, so it cannot say whether it saw this one.
 */
export type MemoryAnswer = ReplayAnswer | 'forgotten'

export interface MemoryReplayStore extends ReplayStore {
  /** Throws where the clock has no time, or has stepped back to a time whose proofs are forgotten. */
  add(key: string, lifetimeMs: number, partition: string): ReplayAnswer
  /** Entries held now; those that ended leave with the next call. */
  readonly size: number
  readonly capacity: number
  /** @internal What all proofs of one key and client have in common, made once for the verifier. */
  ownerOf(jkt: string, partition: string): ProofOwner
  /** @internal `add` for one proof of that owner, by the clock of the verifier. */
  remember(owner: ProofOwner, jti: string, expiresAt: number, now: number, monotonic: number): MemoryAnswer
}

/** Good for the store that made it. */
export interface ProofOwner {
  /** The key of the store and the part of the proof's name before its `jti`. */
  readonly prefix: string
  readonly client: Digest
}

/**
 * Remembers the proofs seen in this process until each can no longer be accepted (RFC 9449 §11.1). Never forgets a live
 * entry: at `capacity` it answers `full`. It knows nothing of other processes: behind a load balancer, give all instances
 * one shared store. Verifiers that share one memory must be given the same object and the same rule of freshness.
 */
export function memoryReplayStore(options: MemoryReplayOptions = {}): MemoryReplayStore {
  const { capacity, quota, clock } = readStoreOptions(options)
  const generations = new Generations()
  const digests = createDigestSet((mark) => generations.isLive(mark))
  const memory: Memory = { capacity, quota, generations, digests }
  // Clients choose `jti`; hashing with a secret key stops them from forcing collisions or filling one shard.
  const key = randomBytes(24).toString('base64url')
  const store: MemoryReplayStore = {
    add(name, lifetimeMs, partition) {
      const now = clock.now()
      const client = digestOf(key + partition)
      const answer = insert(memory, digestOf(key + name), client, now + lifetimeMs, now, clock.monotonic())
      if (answer === 'forgotten') throw new Error('the clock has stepped back or has no time')
      return answer
    },
    ownerOf: (jkt, partition) => ({ prefix: key + replayName(jkt, ''), client: digestOf(key + partition) }),
    remember: ({ prefix, client }, jti, expiresAt, now, monotonic) =>
      insert(memory, digestOf(prefix + jti), client, expiresAt, now, monotonic),
    get size() {
      return generations.size
    },
    capacity,
  }
  memoryStores.add(store)
  return store
}

interface Memory {
  readonly capacity: number
  readonly quota: number
  readonly generations: Generations
  readonly digests: DigestSet
}

function insert(
  { capacity, quota, generations, digests }: Memory,
  digest: Digest,
  client: Digest,
  expiresAt: number,
  now: number,
  monotonic: number,
): MemoryAnswer {
  // An entry whose end is not known would never leave.
  if (Number.isNaN(now + monotonic)) return 'forgotten'
  generations.forgetPast(now, monotonic)
  if (digests.has(digest)) return 'seen'
  if (generations.forgotten.has(expiresAt)) return 'forgotten'
  if (generations.size >= capacity) return 'full'
  if (generations.size > capacity / 2 && generations.entriesOf(client) >= quota * capacity) return 'quota'
  const generation = generations.at(expiresAt)
  digests.add(digest, generation.mark)
  generations.count(generation, client, expiresAt, monotonic + (expiresAt - now))
  return 'fresh'
}

const optionNames = namesOf<MemoryReplayOptions>({ capacity: true, quota: true, clock: true })

function readStoreOptions(options: unknown): { capacity: number; quota: number; clock: Clock } {
  const read = new OptionReader()
  const raw: RawOptions<keyof MemoryReplayOptions> = read.object('memoryReplayStore', options, optionNames) ?? {}
  const capacity = readNumber(read, 'memoryReplayStore.capacity', raw.capacity)
  const { default: usualQuota, most } = shares['memoryReplayStore.quota']
  const quota = read.share('memoryReplayStore.quota', raw.quota, most) ?? usualQuota
  const clock = clockFrom(read.methods<Clock>('memoryReplayStore.clock', raw.clock, ['now', 'monotonic']))
  read.finish()
  return { capacity, quota, clock }
}

/** By identity: a store that wraps one of ours, or has methods of the same names, is asked through its own `add`. */
export function isMemoryReplayStore(store: ReplayStore): store is MemoryReplayStore {
  return memoryStores.has(store)
}

const memoryStores = new WeakSet<ReplayStore>()

/** The name of one proof of one key. A thumbprint has a fixed length and no NUL, so no two pairs share a name. */
export function replayName(jkt: string, jti: string): string {
  return `${jkt}\0${jti}`
}
