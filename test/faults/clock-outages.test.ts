import type { AuditRecord, Clock, VerifierOptions } from 'onbehalf'
import { createTestClock, requestView } from 'onbehalf/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDesk, opaque } from '../support/introspection.ts'
import { createHome } from '../support/key-home.ts'
import { contextIn, createKit, type Kit, outcomeOf, refusalIn, url } from '../support/kit.ts'
import { type Fault, faults } from './faults.ts'
import { isFull } from './size.ts'

/** A clock that gives no time is an outage of ours: the request during which it fails is a 503, and no other is. */

const down = 'policy_unavailable'
const calls = isFull ? 24 : 12
/** In the short form these fail at every call, the others at the first three. */
const thorough = ['throws', 'rejects', 'answers NaN']
/** Zero is a time. */
const noTimes: readonly Fault[] = [
  ...faults.filter(({ name }) => name !== 'answers 0'),
  { name: 'answers Infinity', answer: () => Number.POSITIVE_INFINITY, isAnswer: true },
  { name: 'answers minus Infinity', answer: () => Number.NEGATIVE_INFINITY, isAnswer: true },
  { name: 'answers more than a date can hold', answer: () => 8.64e15 + 1, isAnswer: true },
  { name: 'answers a date', answer: () => new Date(0), isAnswer: true },
]

let unhandled = 0
const count = () => {
  unhandled++
}
beforeAll(() => {
  process.on('unhandledRejection', count)
})
afterAll(() => {
  process.off('unhandledRejection', count)
})

type Method = keyof Clock

/** A clock that is good until a test arms it: its next `at`-th call of one method then fails, or every call from there on. */
class FailingClock implements Clock {
  readonly #good: Clock
  #fault: Fault | undefined
  #method: Method = 'now'
  #left = Number.POSITIVE_INFINITY
  #isLasting = false
  /** Since it was armed. */
  failures = 0

  constructor(good: Clock) {
    this.#good = good
  }

  arm(method: Method, fault: Fault, at = 1, isLasting = false): void {
    this.#fault = fault
    this.#method = method
    this.#left = at
    this.#isLasting = isLasting
    this.failures = 0
  }

  disarm(): void {
    this.#left = Number.POSITIVE_INFINITY
    this.#isLasting = false
  }

  now(): number {
    return this.#read('now')
  }

  monotonic(): number {
    return this.#read('monotonic')
  }

  #read(method: Method): number {
    if (method !== this.#method) return this.#good[method]()
    this.#left--
    if (this.#left > 0 || (this.#left < 0 && !this.#isLasting)) return this.#good[method]()
    this.failures++
    return this.#fault?.answer() as number
  }
}

let kit: Kit
beforeEach(async () => {
  kit = await createKit()
})

function armed(options: Partial<VerifierOptions> = {}) {
  const clock = new FailingClock(kit.clock)
  return { clock, verifier: kit.verifierWith({ clock, ...options }) }
}

describe.each<Method>(['now', 'monotonic'])('a clock whose %s()', (method) => {
  test.each(noTimes)('Hooks: $name at one call is the 503 of that request and of no other', async (fault) => {
    const last = isFull || thorough.includes(fault.name) ? calls : 3
    for (let at = 1; at <= last; at++) {
      const { clock, verifier } = armed({ dpop: { nonce: { secret: 'n'.repeat(32), mode: 'on-skew' } } })
      const used = await kit.request()
      expect(outcomeOf(await verifier.check(used))).toBe('admitted')
      const cases = [
        ['proof_replayed', used],
        ['nonce_required', await kit.request({ proof: { claims: { iat: kit.clock.now() / 1_000 - 61 } } })],
        ['token_expired', await kit.request({ token: { claims: { iat: 1_000, exp: 1_300 } } })],
        ['token_malformed', await kit.request({ token: 'a.b.c' })],
        ['admitted', await kit.request()],
        ['admitted', await kit.request({ token: { human: 'alice' } })],
      ] as const
      for (const [usual, view] of cases) {
        clock.arm(method, fault, at)
        const verdict = await verifier.check(view)
        expect(outcomeOf(verdict), `call ${at}, usually ${usual}`).toBe(clock.failures > 0 ? down : usual)
        clock.disarm()
        if (clock.failures > 0) {
          expect(refusalIn(verdict).headers.map(([name]) => name)).toEqual(['Retry-After', 'Cache-Control'])
          // A proof may be used up, because the store may have taken it.
          if (usual !== 'admitted') expect(outcomeOf(await verifier.check(view))).toBe(usual)
        }
        expect(outcomeOf(await verifier.check(await kit.request()))).toBe('admitted')
      }
    }
    expect(unhandled).toBe(0)
  })

  test('Hooks: fails for good, and every request with a token is a 503 until it is good again', async () => {
    const events: AuditRecord[] = []
    const { clock, verifier } = armed({ audit: (event) => void events.push(event) })
    for (const fault of noTimes) {
      clock.arm(method, fault, 1, true)
      expect(outcomeOf(await verifier.check(await kit.request()))).toBe(down)
      clock.disarm()
      const context = contextIn(await verifier.check(await kit.request()))
      clock.arm('now', fault)
      expect(verifier.lease(context).aborted).toBe(true)
      clock.disarm()
    }
    expect(events).toHaveLength(2 * noTimes.length)
    for (const event of events) {
      expect(event.time).toBeGreaterThan(0)
      expect(event).toMatchObject({ durationMicros: 0 })
    }
    expect(verifier.health().issuers).toHaveLength(1)
  })

  test('Hooks: fails, and no proof is kept for ever or admitted twice', async () => {
    const { clock, verifier } = armed()
    const seen = []
    for (let at = 1; at <= 4; at++) {
      const view = await kit.request()
      clock.arm(method, noTimes[0] as Fault, at)
      seen.push([view, outcomeOf(await verifier.check(view))] as const)
      clock.disarm()
    }
    for (const [view, first] of seen) {
      const again = outcomeOf(await verifier.check(view))
      if (first === 'admitted') expect(again).toBe('proof_replayed')
      expect(outcomeOf(await verifier.check(view))).toBe('proof_replayed')
    }
    kit.clock.advance(200)
    expect(outcomeOf(await verifier.check(await kit.request()))).toBe('admitted')
    expect(verifier.health().replay?.size).toBe(1)
  })

  test.each(noTimes)('Hooks: $name while a route is judged, is a 503 and no step-up', async (fault) => {
    const { clock, verifier } = armed({ audit: () => {} })
    const authTime = kit.clock.now() / 1_000
    const view = await kit.request({ token: { human: 'alice', claims: { auth_time: authTime } } })
    const context = contextIn(await verifier.check(view))
    clock.arm(method, fault, 1, true)
    const decision = await verifier.authorize(context, { maxAuthAgeSeconds: 60 })
    expect(decision.ok ? 'allowed' : decision.refusal.code).toBe(method === 'now' ? down : 'allowed')
    clock.disarm()
    expect((await verifier.authorize(context, { maxAuthAgeSeconds: 60 })).ok).toBe(true)
  })

  test('Hooks: fails while the keys of an issuer are fetched, and the next request gets them', async () => {
    for (let at = 1; at <= calls; at++) {
      const home = await createHome()
      const clock = new FailingClock(home.clock)
      const verifier = home.open({}, { clock })
      const token = await home.token()
      const view = async () => {
        const dpop = await home.agent.proof({ method: 'GET', url, token })
        return requestView({ url, headers: { authorization: `DPoP ${token}`, dpop } })
      }
      clock.arm(method, noTimes[0] as Fault, at)
      expect(outcomeOf(await verifier.check(await view()))).toBe(clock.failures > 0 ? down : 'admitted')
      clock.disarm()
      // A set that came at no time is asked for again, after the pause behind every failed fetch.
      home.clock.advance(1)
      expect(outcomeOf(await verifier.check(await view()))).toBe('admitted')
      await expect(verifier.ready()).resolves.toBeUndefined()
    }
  })

  test('Hooks: fails while an issuer is asked about a token, and the next request gets its answer', async () => {
    for (let at = 1; at <= calls; at++) {
      const clock = new FailingClock(createTestClock())
      const { forge, verifier } = await createDesk({ verifier: { clock } })
      clock.arm(method, noTimes[0] as Fault, at)
      const first = outcomeOf(await verifier.check(await forge.request({ token: opaque })))
      expect(first).toBe(clock.failures > 0 ? down : 'admitted')
      clock.disarm()
      expect(outcomeOf(await verifier.check(await forge.request({ token: opaque })))).toBe('admitted')
    }
  })
})
