import type { ReplayStore } from '../types/options.ts'

/** What this package knows of a store of its own that several processes share. */
export interface SharedStore {
  readonly store: 'redis'
  /** What an operator must know of it, for `describe()`. */
  readonly notes: readonly string[]
}

const sharedStores = new WeakMap<ReplayStore, SharedStore>()

export function nameSharedStore(store: ReplayStore, shared: SharedStore): void {
  sharedStores.set(store, shared)
}

/** By identity: undefined for the memory of a process and for every store that a user has made. */
export function sharedStoreOf(store: ReplayStore): SharedStore | undefined {
  return sharedStores.get(store)
}
