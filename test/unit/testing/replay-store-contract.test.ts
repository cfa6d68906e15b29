import type { ReplayAnswer, ReplayStore } from 'onbehalf'
import { memoryReplayStore } from 'onbehalf'
import { type MakeReplayStore, replayStoreContract } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'

describe('the built-in store', () => {
  replayStoreContract((fault) => (fault === undefined ? memoryReplayStore() : undefined), { test, expect })
})

/** Breaks the rule that its name says. */
const broken: Readonly<Record<string, { readonly make: MakeReplayStore; readonly fails: RegExp }>> = {
  'looks first and writes then': {
    make: sound(() => {
      const ends = new Map<string, number>()
      return storeOf(async (key, lifetimeMs): Promise<ReplayAnswer> => {
        const isSeen = (ends.get(key) ?? 0) > Date.now()
        await Promise.resolve()
        if (!isSeen) ends.set(key, Date.now() + lifetimeMs)
        return isSeen ? 'seen' : 'fresh'
      })
    }),
    fails: /at the same time/,
  },
  'takes milliseconds for seconds': { make: sound(() => mapStore((ms) => ms * 1_000)), fails: /is forgotten/ },
  'cuts lifetimes to whole seconds': {
    make: sound(() => mapStore((ms) => Math.floor(ms / 1_000) * 1_000 + (ms < 1_000 ? ms : 0))),
    fails: /is remembered/,
  },
  'folds the case of keys': {
    make: sound(() => mapStore((ms) => ms, { nameOf: (key) => key.toLowerCase() })),
    fails: /whole/,
  },
  'answers fresh where its server fails': {
    make: (fault) =>
      fault === 'error' ? storeOf(() => 'fresh') : fault === undefined ? mapStore((ms) => ms) : undefined,
    fails: /with an error/,
  },
  'answers seen where its server hangs': {
    make: (fault) =>
      fault === 'hang'
        ? storeOf(async (): Promise<ReplayAnswer> => 'seen')
        : fault === undefined
          ? mapStore((ms) => ms)
          : undefined,
    fails: /does not answer/,
  },
}

describe('stores that break a rule', () => {
  test.concurrent.each(Object.entries(broken))(
    'REPLAY: the contract finds a store that %s, by that rule alone',
    async (_name, { make, fails }) => {
      const failed = await failuresOf(make)
      expect(failed).toEqual([expect.stringMatching(fails)])
    },
    60_000,
  )
})

async function failuresOf(make: MakeReplayStore): Promise<readonly string[]> {
  const declared: { title: string; run: () => Promise<void> }[] = []
  replayStoreContract(make, { test: (title, run) => declared.push({ title, run }), expect })
  const outcomes = await Promise.allSettled(declared.map(({ run }) => run()))
  return declared.flatMap(({ title }, at) => (outcomes[at]?.status === 'rejected' ? [title] : []))
}

/** Its server cannot be made to fail. */
function sound(make: () => ReplayStore): MakeReplayStore {
  return (fault) => (fault === undefined ? make() : undefined)
}

function storeOf(add: ReplayStore['add']): ReplayStore {
  return { add }
}

function mapStore(lifeOf: (ms: number) => number, { nameOf = (key: string) => key } = {}): ReplayStore {
  const ends = new Map<string, number>()
  return storeOf((key, lifetimeMs) => {
    const name = nameOf(key)
    if ((ends.get(name) ?? 0) > Date.now()) return 'seen'
    ends.set(name, Date.now() + lifeOf(lifetimeMs))
    return 'fresh'
  })
}
