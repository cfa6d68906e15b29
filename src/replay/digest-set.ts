import type { Digest } from './digest.ts'

/**
 * A set of digests in typed arrays, each with a mark: 20 bytes a slot, which the garbage collector never walks. It is split
 * into shards that grow one by one, so that no insertion moves more than a small part of it. Entries are not removed one by
 * one: rebuilding a shard leaves out those whose mark is no longer live.
 */
export interface DigestSet {
  has(digest: Digest): boolean
  /** Adds a digest that is not in the set. `mark`: not 0. */
  add(digest: Digest, mark: number): void
}

const shardCount = 256
/** Four words of digest and the mark; a mark of 0 is an empty slot. */
const wordsPerSlot = 5
const firstSlots = 16
/** Share of used slots, dead ones included, at which a shard is rebuilt. */
const maxLoad = 0.75
/** Share of live slots from which a rebuilt shard doubles: below it, leaving out the dead ones makes enough room. */
const growLoad = 0.65

/** `isLive`: whether entries with this mark still count. */
export function createDigestSet(isLive: (mark: number) => boolean): DigestSet {
  const shards: Int32Array[] = Array.from({ length: shardCount }, () => new Int32Array(firstSlots * wordsPerSlot))
  /** Used slots of each shard, dead ones included. */
  const used = new Uint32Array(shardCount)

  function has(digest: Digest): boolean {
    const slots = shards[shardOf(digest)] as Int32Array
    const { a, b, c, d } = digest
    for (let at = firstProbe(slots, a); slots[at + 4] !== 0; at = nextProbe(slots, at)) {
      const isSame = slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d
      if (isSame && isLive(slots[at + 4] as number)) return true
    }
    return false
  }

  function add(digest: Digest, mark: number): void {
    const shard = shardOf(digest)
    if ((used[shard] as number) >= slotsIn(shards[shard] as Int32Array) * maxLoad) rebuild(shard)
    const slots = shards[shard] as Int32Array
    const at = emptySlot(slots, digest.a)
    slots[at] = digest.a
    slots[at + 1] = digest.b
    slots[at + 2] = digest.c
    slots[at + 3] = digest.d
    slots[at + 4] = mark
    used[shard] = (used[shard] as number) + 1
  }

  function rebuild(shard: number): void {
    const old = shards[shard] as Int32Array
    const live = liveSlots(old, isLive)
    const isFull = live.length >= slotsIn(old) * growLoad
    shards[shard] = copySlots(old, live, new Int32Array(isFull ? old.length * 2 : old.length))
    used[shard] = live.length
  }

  return { has, add }
}

/** The words of a digest are as good as random, so they choose the shard and the slot directly. */
function shardOf({ d }: Digest): number {
  return d & (shardCount - 1)
}

function slotsIn(slots: Int32Array): number {
  return slots.length / wordsPerSlot
}

/** The number of slots is a power of two. */
function firstProbe(slots: Int32Array, word: number): number {
  return (word & (slotsIn(slots) - 1)) * wordsPerSlot
}

function nextProbe(slots: Int32Array, at: number): number {
  return at + wordsPerSlot === slots.length ? 0 : at + wordsPerSlot
}

function emptySlot(slots: Int32Array, word: number): number {
  let at = firstProbe(slots, word)
  while (slots[at + 4] !== 0) at = nextProbe(slots, at)
  return at
}

function liveSlots(slots: Int32Array, isLive: (mark: number) => boolean): readonly number[] {
  const live: number[] = []
  for (let at = 0; at < slots.length; at += wordsPerSlot) {
    const mark = slots[at + 4] as number
    if (mark !== 0 && isLive(mark)) live.push(at)
  }
  return live
}

function copySlots(from: Int32Array, places: readonly number[], to: Int32Array): Int32Array {
  for (const at of places) {
    const place = emptySlot(to, from[at] as number)
    for (let word = 0; word < wordsPerSlot; word++) to[place + word] = from[at + word] as number
  }
  return to
}
