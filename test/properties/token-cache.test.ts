import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { outcomeOf } from '../support/kit.ts'
import { createRig, judgeNow, type Rig, runs, startMs, viewOf } from './rig.ts'

let rig: Rig

beforeAll(async () => {
  rig = await createRig()
})

const start = startMs / 1_000
const seconds = fc.oneof(fc.integer({ min: -320, max: 320 }), fc.constantFrom(-6, -5, -4, 4, 5, 6, 299.5, 300, 305))

/** Moments at which to judge a token of these times: around each bound, and anywhere. */
const times = fc.record({
  iat: fc.integer({ min: -300, max: 5 }),
  life: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0.001, max: 300, noNaN: true })),
  nbf: fc.option(fc.integer({ min: -300, max: 5 }), { nil: undefined }),
  tolerance: fc.constantFrom(0, 5, 60),
  looks: fc.array(fc.record({ at: seconds, ms: fc.integer({ min: -2, max: 2 }), isStep: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  }),
})

test('P8: a cached token is judged as an unknown one, at any moment', () => {
  let hits = 0
  const met = new Set<string>()
  fc.assert(
    fc.property(times, ({ iat, life, nbf, tolerance, looks }) => {
      const policy = { token: { clockToleranceSeconds: tolerance }, cache: { tokenSeconds: 3_600 } }
      const { clock, verifier } = rig.open(policy)
      const token = rig.token({
        iat: start + iat,
        exp: start + iat + life,
        nbf: nbf === undefined ? undefined : start + nbf,
      })
      const view = () => viewOf(token, rig.proof(clock, token, { jti: crypto.randomUUID() }))
      if (outcomeOf(judgeNow(verifier, view())) !== 'admitted') return
      for (const { at, ms, isStep } of looks) {
        const seconds = start + at + ms / 1_000 - clock.now() / 1_000
        if (isStep || seconds < 0) clock.step(seconds)
        else clock.advance(seconds)
        const fresh = rig.open(policy)
        fresh.clock.step((clock.now() - fresh.clock.now()) / 1_000)
        const cached = outcomeOf(judgeNow(verifier, view()))
        const uncached = outcomeOf(judgeNow(fresh.verifier, view()))
        met.add(uncached)
        if (verifier.health().caches.tokens === 1) hits += 1
        // A refusal because the replay memory has forgotten the proof's time says nothing about the token.
        if (cached !== 'replay_unavailable') expect(cached).toBe(uncached)
      }
    }),
    runs(80),
  )
  expect(hits).toBeGreaterThan(60)
  expect([...met].sort()).toEqual(['admitted', 'token_expired', 'token_not_active'])
})
