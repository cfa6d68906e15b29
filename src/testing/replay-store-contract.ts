import { createHash, randomUUID } from 'node:crypto'
import { isThenable } from '../internal/maybe-promise.ts'
import type { ReplayAnswer, ReplayStore, StoreAnswer } from '../types/options.ts'

/** What is used of a test framework; those of Vitest and Jest fit. */
export interface ContractTools {
  /** Declares one test; it may take up to the milliseconds of the third argument. */
  test(title: string, run: () => Promise<void>, timeoutMs: number): unknown
  /** As usual: it throws where the two differ. */
  expect(actual: unknown): { toEqual(expected: unknown): unknown }
}

/**
 * Makes an empty store, for each test anew. `fault`: a store whose server never answers, or answers with an error; undefined
 * where the store cannot be made to fail, and then that test passes.
 */
export type MakeReplayStore = (fault?: 'hang' | 'error') => ReplayStore | undefined | Promise<ReplayStore | undefined>

/**
 * Declares the tests that every store for `dpop.replay` must pass: one atomic step, keys told apart, lifetimes in
 * milliseconds that are kept and end, and no good word from a server that fails. They take real time, about 5 s. They do
 * not check what the store loses with its server, nor how many proofs it can hold.
 */
export function replayStoreContract(makeStore: MakeReplayStore, { test, expect }: ContractTools): void {
  const declare = (title: string, run: (store: ReplayStore) => Promise<void>, fault?: 'hang' | 'error') =>
    test(`ReplayStore: ${title}`, async () => {
      const store = await (fault === undefined ? makeStore() : makeStore(fault))
      if (store !== undefined) await run(store)
      else if (fault === undefined) throw new Error('makeStore gave no store')
    }, 30_000)

  declare('of many uses of one key at the same time exactly one is new', async (store) => {
    for (let round = 0; round < 5; round++) {
      const key = newKey()
      const answers = await Promise.all(Array.from({ length: 50 }, () => use(store, key, longMs)))
      expect(answers.sort()).toEqual(['fresh', ...Array.from({ length: 49 }, () => 'seen')])
    }
  })

  declare('keys are compared whole, whatever the partition', async (store) => {
    const key = `${newKey().slice(0, 42)}A`
    expect(await use(store, key, longMs)).toEqual('fresh')
    for (const other of [`${key.slice(0, 42)}E`, `${key.slice(0, 42)}a`, key.slice(1) + key.slice(0, 1)]) {
      expect([other, await use(store, other, longMs)]).toEqual([other, 'fresh'])
    }
    expect(readWord(await store.add(key, longMs, 'another partition'))).toEqual('seen')
  })

  declare('a key is remembered to the end of its lifetime in milliseconds', async (store) => {
    const key = newKey()
    const start = performance.now()
    expect(await use(store, key, 2_900)).toEqual('fresh')
    const answers = new Set<unknown>()
    while (performance.now() - start < 2_500) {
      const answer = await use(store, key, 2_900)
      if (performance.now() - start < 2_900) answers.add(answer)
      await pause(100)
    }
    expect([...answers]).toEqual(['seen'])
  })

  declare('a key is forgotten within 12 s after its lifetime, the shortest of 1 ms too', async (store) => {
    for (const lifetimeMs of [1, 700]) {
      const key = newKey()
      expect(await use(store, key, lifetimeMs)).toEqual('fresh')
      const end = performance.now() + lifetimeMs + 12_000
      let answer = await use(store, key, lifetimeMs)
      while (answer === 'seen' && performance.now() < end) {
        await pause(50)
        answer = await use(store, key, lifetimeMs)
      }
      expect([lifetimeMs, answer]).toEqual([lifetimeMs, 'fresh'])
    }
  })

  declare(
    'a server that does not answer is not taken for a word about the key',
    async (store) => {
      expect(await Promise.race([attempt(store), pause(2_000)])).toEqual(undefined)
    },
    'hang',
  )

  declare(
    'a server that answers with an error is not taken for a word about the key',
    async (store) => {
      for (let round = 0; round < 3; round++) expect(await attempt(store)).toEqual(undefined)
    },
    'error',
  )
}

const longMs = 75_000

/** As the verifier makes them. */
function newKey(): string {
  return createHash('sha256').update(randomUUID()).digest('base64url')
}

async function use(store: ReplayStore, key: string, lifetimeMs: number): Promise<unknown> {
  return readWord(await store.add(key, lifetimeMs, 'partition'))
}

/** Undefined: no word about the key, which the verifier takes for an outage. */
async function attempt(store: ReplayStore): Promise<unknown> {
  try {
    const answer = store.add(newKey(), longMs, 'partition')
    const word: unknown = readWord(isThenable(answer) ? await answer : answer)
    return known.some((one) => one === word) ? word : undefined
  } catch {
    return undefined
  }
}

/** `full` is an outage as well. */
const known: readonly ReplayAnswer[] = ['fresh', 'seen', 'quota']

function readWord(answer: StoreAnswer): unknown {
  return typeof answer === 'object' && answer !== null ? answer.answer : answer
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms))
}
