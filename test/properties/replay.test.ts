import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DpopOptions, NonceOptions, ReplayStore, VerifierOptions } from '../../src/index.ts'
import { ecdsaTwin } from '../support/bytes.ts'
import { outcomeOf } from '../support/kit.ts'
import { createRig, judgeNow, type Rig, runs, startMs, viewOf } from './rig.ts'

let rig: Rig
let token: string
const day = 86_400

beforeAll(async () => {
  rig = await createRig()
  const start = startMs / 1_000
  // The token outlives every step of the clock, so only the proof is judged.
  token = rig.token({ iat: start - 30 * day, exp: start + 300 * day })
})

const usual = ['admitted', 'proof_replayed', 'proof_expired', 'proof_not_active', 'nonce_invalid', 'nonce_required']

type Freshness = 'iat' | 'both' | 'nonce' | 'on-skew' | 'on-skew with a nonce'

interface Story {
  readonly maxAge: number
  readonly future: number
  readonly nonceSeconds: number
  /** Milliseconds ahead of the clock, by which the proof is dated. */
  readonly offset: number
  readonly moves: readonly Move[]
}

/** Moves both clocks forward, the wall clock alone, or the wall clock to near a bound. */
type Move =
  | { kind: 'advance' | 'step'; ms: number }
  | { kind: 'jump'; to: 'fresh end' | 'nonce end' | 'iat' | 'future end'; ms: number }

const nearby = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -15_000, max: 15_000 }),
  fc.constantFrom(-1_000, 1_000),
)
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('advance' as const), ms: fc.oneof(fc.nat(1_000), fc.nat(200_000)) }),
  fc.record({ kind: fc.constant('step' as const), ms: fc.integer({ min: -400_000, max: 400_000 }) }),
  fc.record({
    kind: fc.constant('jump' as const),
    to: fc.constantFrom('fresh end' as const, 'nonce end' as const, 'iat' as const, 'future end' as const),
    ms: nearby,
  }),
)

function stories(move: fc.Arbitrary<Move>): fc.Arbitrary<Story> {
  return fc
    .record({
      maxAge: fc.oneof(fc.constantFrom(1, 60, 300), fc.integer({ min: 1, max: 600 })),
      future: fc.oneof(fc.constantFrom(0, 10, 300), fc.integer({ min: 0, max: 300 })),
      nonceSeconds: fc.integer({ min: 10, max: 400 }),
      moves: fc.array(move, { maxLength: 14 }),
    })
    .chain((story) =>
      fc
        .oneof(
          fc.constantFrom(-story.maxAge * 1_000, 0, story.future * 1_000),
          fc.integer({ min: -story.maxAge * 1_000, max: story.future * 1_000 }),
        )
        .map((offset) => ({ ...story, offset })),
    )
}

function optionsFor(
  freshness: Freshness,
  { maxAge, future, nonceSeconds }: Story,
  replay?: ReplayStore,
): Partial<VerifierOptions> {
  const secret = 'n'.repeat(32)
  const nonce: NonceOptions | undefined = freshness === 'iat' ? undefined : { secret, seconds: nonceSeconds }
  const rule: DpopOptions =
    freshness === 'on-skew' || freshness === 'on-skew with a nonce'
      ? { nonce: { secret, seconds: nonceSeconds, mode: 'on-skew' } }
      : { nonce, freshness }
  return {
    dpop: { ...rule, maxAgeSeconds: maxAge, futureSeconds: future, replay },
    cache: { tokenSeconds: 3_600 },
  }
}

/** Plays a story, and returns how often its one proof was admitted. */
function scene(freshness: Freshness, story: Story, replayFor?: (now: () => number) => ReplayStore) {
  let now = () => startMs
  const replay = replayFor?.(() => now())
  const { clock, verifier } = rig.open(optionsFor(freshness, story, replay), { maxTokenSeconds: 31_536_000 })
  now = clock.now
  const iatMs = clock.now() + story.offset
  const hasNonce = freshness !== 'iat' && freshness !== 'on-skew'
  const isIatFree = freshness === 'nonce' || freshness === 'on-skew with a nonce'
  // Every mode answers a proof that is a day old, where it has no nonce, with a nonce.
  const challenge = hasNonce ? judgeNow(verifier, viewOf(token, rig.proof(clock, token, { iat: 0 }))) : undefined
  const nonce =
    challenge?.ok === false ? challenge.refusal.headers.find(([name]) => name === 'DPoP-Nonce')?.[1] : undefined
  const proof = rig.proof(clock, token, { iat: isIatFree ? iatMs / 1_000 - day : iatMs / 1_000, nonce })
  const moments = {
    'fresh end': iatMs + story.maxAge * 1_000,
    'nonce end': clock.now() + story.nonceSeconds * 1_000,
    'future end': iatMs - story.future * 1_000,
    iat: iatMs,
  }
  function move(change: Move): void {
    if (change.kind === 'jump') clock.step((moments[change.to] + change.ms - clock.now()) / 1_000)
    else if (change.kind === 'step') clock.step(change.ms / 1_000)
    else clock.advance(change.ms / 1_000)
  }
  const other = () => viewOf(token, rig.proof(clock, token, { nonce, ...(isIatFree && { iat: 0 }) }))
  return { clock, verifier, view: viewOf(token, proof), twin: viewOf(token, ecdsaTwin(proof)), other, move, moments }
}

describe.each<Freshness>(['iat', 'both', 'nonce', 'on-skew', 'on-skew with a nonce'])(
  'with freshness %s',
  (freshness) => {
    test('P1: a proof accepted once is never accepted again, whatever the clocks do', () => {
      let everAdmitted = 0
      fc.assert(
        fc.property(stories(anyMove), (story) => {
          const { clock, verifier, view, twin, other, move, moments } = scene(freshness, story)
          const codes: string[] = []
          const show = () => codes.push(outcomeOf(judgeNow(verifier, codes.length % 4 === 3 ? twin : view)))
          show()
          for (const change of story.moves) {
            move(change)
            show()
            // Proofs of others fill and age the memory.
            verifier.checkNow(other())
          }
          const last = Math.max(...Object.values(moments)) + 30_000
          for (let i = 0; i < 12; i++) {
            clock.advance(Math.max(1, (last - startMs) / 10_000))
            show()
            verifier.checkNow(other())
          }
          for (const back of [moments['fresh end'], moments['nonce end'], moments.iat, moments['future end']]) {
            clock.step((back - clock.now()) / 1_000)
            show()
          }
          const admitted = codes.filter((code) => code === 'admitted').length
          everAdmitted += admitted
          expect(admitted, codes.join(' ')).toBeLessThanOrEqual(1)
          for (const code of codes) expect([...usual, 'replay_unavailable']).toContain(code)
        }),
        runs(100),
      )
      expect(everAdmitted).toBeGreaterThan(60)
    })

    // A shared store keeps entries five seconds longer for clock skew; the clock steps back by less.
    test('P1: nor with an asynchronous store of somebody else that forgets exactly at the end', async () => {
      let everAdmitted = 0
      const forwards = fc.record({
        kind: fc.constant('advance' as const),
        ms: fc.oneof(fc.nat(1_000), fc.nat(100_000)),
      })
      const steps = fc.record({ kind: fc.constant('step' as const), ms: fc.integer({ min: -4_999, max: 20_000 }) })
      await fc.assert(
        fc.asyncProperty(stories(fc.oneof(forwards, steps)), async (story) => {
          const { clock, verifier, view, moments, move } = scene(freshness, story, forgetful)
          let latest = clock.now()
          const codes: string[] = []
          const show = async () => codes.push(outcomeOf(await verifier.check(view)))
          await show()
          for (const change of story.moves) {
            const isBack = clock.now() + change.ms < latest - 4_999
            move(isBack ? { ...change, ms: -change.ms } : change)
            latest = Math.max(latest, clock.now())
            await show()
          }
          for (const end of [moments['fresh end'], moments['nonce end']]) {
            for (const ms of [end - 1, end, end + 1, end + 4_999, end + 5_000, end + 5_001]) {
              if (ms < latest - 4_999) continue
              clock.step((ms - clock.now()) / 1_000)
              latest = Math.max(latest, clock.now())
              await show()
              clock.step((latest - 4_999 - clock.now()) / 1_000)
              await show()
            }
          }
          const admitted = codes.filter((code) => code === 'admitted').length
          everAdmitted += admitted
          expect(admitted, codes.join(' ')).toBeLessThanOrEqual(1)
        }),
        runs(80),
      )
      expect(everAdmitted).toBeGreaterThan(50)
    })
  },
)

/** Acts like a key-value server with a time to live: an entry is gone after its end. */
function forgetful(now: () => number): ReplayStore {
  const ends = new Map<string, number>()
  return {
    async add(key, lifetimeMs) {
      const isThere = now() < (ends.get(key) ?? Number.NEGATIVE_INFINITY)
      if (!isThere) ends.set(key, now() + lifetimeMs)
      return isThere ? 'seen' : 'fresh'
    },
  }
}
