import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { memoryReplayStore, type ReplayStore } from '../../src/index.ts'
import { createTestClock } from '../../src/testing/index.ts'
import { ecdsaTwin, sha256 } from '../support/bytes.ts'
import { makeRawKey, type RawKey } from '../support/jws.ts'
import { outcomeOf } from '../support/kit.ts'
import { createRig, jktOf, judgeNow, type Rig, runs, startMs, viewOf } from './rig.ts'

let rig: Rig
let keys: readonly RawKey[]

beforeAll(async () => {
  rig = await createRig()
  keys = await Promise.all(Array.from({ length: 10 }, () => makeRawKey('ES256')))
})

describe('quota', () => {
  test('P21: ten fresh keys of one client never push the proofs of another out', () => {
    const floods = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 60 }),
        fc.array(floods, { minLength: 1, maxLength: 4 }),
        (capacity, rounds) => {
          const replay = memoryReplayStore({ capacity, quota: 0.2 })
          const { clock, verifier } = rig.open({ dpop: { replay } })
          const tokens = keys.map((key) => rig.token({ client_id: 'flooder', cnf: { jkt: jktOf(key) } }))
          const token = rig.token()
          const kept: string[] = []
          for (const flood of rounds) {
            for (const at of flood) {
              const flooder = tokens[at] ?? ''
              judgeNow(verifier, viewOf(flooder, rig.proof(clock, flooder, {}, keys[at])))
              expect(replay.size).toBeLessThanOrEqual(capacity)
            }
            const proof = rig.proof(clock, token)
            expect(outcomeOf(judgeNow(verifier, viewOf(token, proof)))).toBe('admitted')
            kept.push(proof)
          }
          for (const proof of kept) expect(outcomeOf(judgeNow(verifier, viewOf(token, proof)))).toBe('proof_replayed')
        },
      ),
      runs(40),
    )
  })

  test('P21: one client over its share is told to slow down, its neighbour is not', () => {
    const replay = memoryReplayStore({ capacity: 20, quota: 0.1 })
    const { clock, verifier } = rig.open({ dpop: { replay } })
    const [key] = keys
    const flooder = rig.token({ client_id: 'flooder', cnf: { jkt: key === undefined ? '' : jktOf(key) } })
    const codes = Array.from({ length: 20 }, () =>
      outcomeOf(judgeNow(verifier, viewOf(flooder, rig.proof(clock, flooder, {}, key)))),
    )
    expect(codes.slice(0, 11)).toEqual(Array(11).fill('admitted'))
    expect(codes.slice(11)).toEqual(Array(9).fill('rate_limited'))
    const token = rig.token()
    expect(outcomeOf(judgeNow(verifier, viewOf(token, rig.proof(clock, token))))).toBe('admitted')
  })
})

describe('the memory store against a model that forgets nothing', () => {
  const addition = fc.record({
    kind: fc.constant('add' as const),
    name: fc.nat(12),
    ahead: fc.integer({ min: 1, max: 80_000 }),
    partition: fc.constantFrom('a', 'b', 'c'),
  })
  const passing = fc.record({
    kind: fc.constantFrom('advance' as const, 'step' as const),
    ms: fc.integer({ min: -90_000, max: 90_000 }),
  })

  test('DPOP-25: it never holds more than its capacity, and fresh is said once while an entry lives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(0.1, 0.5, 1),
        fc.array(fc.oneof({ weight: 3, arbitrary: addition }, passing), { maxLength: 60 }),
        (capacity, quota, acts) => {
          const clock = createTestClock(startMs)
          const store = memoryReplayStore({ capacity, quota, clock })
          /** End of each entry on either clock. */
          const ends = new Map<string, { wall: number; monotonic: number }>()
          /** The latest end that may be forgotten: an entry must have been past on both clocks at one moment. */
          let past = Number.NEGATIVE_INFINITY
          for (const act of acts) {
            if (act.kind === 'add') {
              const key = sha256(`${act.name}`)
              const expiresAt = clock.now() + act.ahead
              const end = ends.get(key)
              const isLive = end !== undefined && (clock.now() <= end.wall || clock.monotonic() <= end.monotonic)
              const answer = answerOf(() => store.add(key, act.ahead, act.partition))
              for (const one of ends.values()) {
                if (clock.now() > one.wall && clock.monotonic() > one.monotonic) past = Math.max(past, one.wall)
              }
              // A new proof must not be mistaken for a forgotten one.
              if (end === undefined && expiresAt > past) expect(['seen', 'forgotten']).not.toContain(answer)
              // `seen` wins over `full` and `quota`.
              if (isLive) expect(answer).toBe('seen')
              if (answer === 'fresh') ends.set(key, { wall: expiresAt, monotonic: clock.monotonic() + act.ahead })
            } else if (act.kind === 'step') clock.step(act.ms / 1_000)
            else clock.advance(Math.abs(act.ms) / 1_000)
            expect(store.size).toBeLessThanOrEqual(capacity)
          }
        },
      ),
      runs(300),
    )
  })
})

/** A store that cannot say throws. */
function answerOf(add: () => string): string {
  try {
    return add()
  } catch {
    return 'forgotten'
  }
}

describe('at once', () => {
  test('P19: of many equal proofs against a slow store exactly one is admitted', async () => {
    const delays = fc.array(fc.nat(4), { minLength: 2, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(delays, fc.boolean(), async (turns, isTwin) => {
        const { clock, verifier } = rig.open({ dpop: { replay: slowStore(turns) } })
        const token = rig.token()
        const proof = rig.proof(clock, token)
        const views = turns.map((_, at) => viewOf(token, isTwin && at % 2 === 1 ? ecdsaTwin(proof) : proof))
        const codes = (await Promise.all(views.map((view) => verifier.check(view)))).map(outcomeOf)
        expect(codes.filter((code) => code === 'admitted')).toHaveLength(1)
        expect(codes.filter((code) => code === 'proof_replayed')).toHaveLength(turns.length - 1)
      }),
      runs(40),
    )
  })

  /** Atomic, but its answers arrive late and out of order. */
  function slowStore(turns: readonly number[]): ReplayStore {
    const seen = new Set<string>()
    let calls = 0
    return {
      async add(key) {
        const wait = turns[calls++] ?? 0
        await pass(wait)
        const answer = seen.has(key) ? 'seen' : 'fresh'
        seen.add(key)
        await pass(4 - wait)
        return answer
      },
    }
  }

  async function pass(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
  }
})
