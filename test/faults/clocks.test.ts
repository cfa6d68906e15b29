import type { RequestView, Verifier } from 'onbehalf'
import { beforeEach, describe, expect, test } from 'vitest'
import { createKit, type Kit, outcomeOf } from '../support/kit.ts'

const hour = 3_600
const day = 24 * hour
let kit: Kit
let token: string

beforeEach(async () => {
  kit = await createKit({ trust: { maxTokenSeconds: 60 * day } })
  const iat = kit.clock.now() / 1_000 - 10 * day
  token = await kit.token({ claims: { iat, exp: iat + 50 * day } })
})

interface Move {
  readonly name: string
  readonly make: () => void
  /** Whether the memory has forgotten proofs that end as a new one would end now. */
  readonly isForgotten?: boolean
}

const advance = (seconds: number): Move => ({ name: `${seconds} s pass`, make: () => kit.clock.advance(seconds) })
const step = (seconds: number): Move => ({
  name: `the wall clock jumps by ${seconds} s`,
  make: () => kit.clock.step(seconds),
})
const frozen: Move = { name: 'no time passes', make: () => {} }
const forgotten = (move: Move): Move => ({ ...move, isForgotten: true })

const schedules: Readonly<Record<string, readonly Move[]>> = {
  'an hour ahead and back': [step(hour), advance(5), step(-hour), advance(5)],
  'an hour back and ahead': [step(-hour), advance(5), step(hour), advance(5)],
  'ahead again and again': [step(hour), step(hour), step(-2 * hour), step(hour), step(-hour)],
  'frozen for fifty requests': Array(50).fill(frozen),
  'asleep, with the monotonic clock at rest': [step(8 * hour), advance(30), step(8 * hour), advance(30)],
  // What ended in the days ahead is forgotten, and only what ends at those very times cannot be judged.
  'three days ahead for days, and back': [
    advance(3 * day),
    advance(1),
    forgotten(step(-3 * day - 1)),
    advance(11),
    advance(50),
    advance(hour),
    advance(hour),
  ],
  'a day back for an hour, and ahead again': [step(-day), advance(hour), step(day), advance(30)],
}

async function freshView(): Promise<RequestView> {
  return kit.request({ token, proof: { claims: { iat: kit.clock.now() / 1_000 } } })
}

async function codeOf(verifier: Verifier, view: RequestView): Promise<string> {
  return outcomeOf(await verifier.check(view))
}

describe.each(Object.entries(schedules))('a clock that runs %s', (_name, moves) => {
  test('DPOP-23: admits no proof twice, and locks out no new one that the memory can judge', async () => {
    const used: RequestView[] = []
    async function showAll(when: string, isForgotten = false): Promise<void> {
      for (const view of used) {
        const code = await codeOf(kit.verifier, view)
        expect(['proof_replayed', 'proof_expired', 'proof_not_active', 'replay_unavailable'], when).toContain(code)
      }
      const view = await freshView()
      expect(await codeOf(kit.verifier, view), when).toBe(isForgotten ? 'replay_unavailable' : 'admitted')
      used.push(view)
    }
    await showAll('at first')
    for (const [nth, { name, make, isForgotten }] of moves.entries()) {
      make()
      await showAll(`${nth}: ${name}`, isForgotten)
    }
    for (const view of used) expect(await codeOf(kit.verifier, view)).not.toBe('admitted')
  })
})
