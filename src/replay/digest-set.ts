import type { Words } from './chaskey.ts'

/**
 * A set of 128-bit digests in typed arrays, each with a mark: 20 bytes a slot, and nothing for the garbage collector. It is
 * split into shards that grow one by one, so that no insertion has to move more than a small part of it. Entries are never
 * removed singly: those whose mark has died are left behind the next time their shard is rebuilt.
 */
export interface DigestSet {
  has(digest: Words): boolean
  /** Adds a digest that is not there. */
  add(digest: Words, mark: number): void
}

const shards = 256
/** Four words of digest and the mark; a mark of 0 is an empty slot. */
const words = 5
const firstSlots = 16
const maxLoad = 0.75
/** Living entries at which a shard grows: below, leaving the dead behind makes room enough. */
const growLoad = 0.65

/** `isLive`: does an entry with this mark still count? */
export function createDigestSet(isLive: (mark: number) => boolean): DigestSet {
  const table: Int32Array[] = Array.from({ length: shards }, () => new Int32Array(firstSlots * words))
  /** Slots in use per shard, dead ones included. */
  const used = new Uint32Array(shards)

  function has(digest: Words): boolean {
    const slots = table[shardOf(digest)] as Int32Array
    const { a, b, c, d } = digest
    for (let at = home(slots, a); slots[at + 4] !== 0; at = next(slots, at)) {
      const isSame = slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d
      if (isSame && isLive(slots[at + 4] as number)) return true
    }
    return false
  }

  function add(digest: Words, mark: number): void {
    const shard = shardOf(digest)
    if ((used[shard] as number) >= ((table[shard] as Int32Array).length / words) * maxLoad) rebuild(shard)
    const slots = table[shard] as Int32Array
    const at = emptySlot(slots, digest.a)
    slots[at] = digest.a
    slots[at + 1] = digest.b
    slots[at + 2] = digest.c
    slots[at + 3] = digest.d
    slots[at + 4] = mark
    used[shard] = (used[shard] as number) + 1
  }

  /** Twice as large if the living fill it, else the same size without the dead. */
  function rebuild(shard: number): void {
    const old = table[shard] as Int32Array
    const living: number[] = []
    for (let at = 0; at < old.length; at += words) {
      const mark = old[at + 4] as number
      if (mark !== 0 && isLive(mark)) living.push(at)
    }
    const isFull = living.length >= (old.length / words) * growLoad
    const fresh = new Int32Array(isFull ? old.length * 2 : old.length)
    for (const at of living) {
      const to = emptySlot(fresh, old[at] as number)
      for (let word = 0; word < words; word++) fresh[to + word] = old[at + word] as number
    }
    table[shard] = fresh
    used[shard] = living.length
  }

  return { has, add }
}

/** Digests are as good as random: their words choose the place. */
function shardOf({ d }: Words): number {
  return d & (shards - 1)
}

/** Where probing starts: slots are a power of two. */
function home(slots: Int32Array, word: number): number {
  return (word & (slots.length / words - 1)) * words
}

function next(slots: Int32Array, at: number): number {
  return at + words === slots.length ? 0 : at + words
}

function emptySlot(slots: Int32Array, word: number): number {
  let at = home(slots, word)
  while (slots[at + 4] !== 0) at = next(slots, at)
  return at
}
