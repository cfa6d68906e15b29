import { createVerifier, type ReplayStore, type RevocationSource, type StoreAnswer, type Verifier } from 'onbehalf'
import { createAdmissions } from 'onbehalf/adapter'
import { describe, expect, test } from 'vitest'
import { createKit, outcomeOf, resource } from '../support/kit.ts'

/** What happens while a request waits, for a signature on a thread, a store or a hook. */

const kit = await createKit()

/** A store of one process that forgets exactly when it may, and does something while it is asked. */
function store(meanwhile: () => void = () => {}): ReplayStore & { asked: number } {
  const ends = new Map<string, number>()
  return {
    asked: 0,
    async add(key, lifetimeMs) {
      this.asked++
      const isThere = kit.clock.now() < (ends.get(key) ?? 0)
      if (!isThere) ends.set(key, kit.clock.now() + lifetimeMs)
      meanwhile()
      return isThere ? 'seen' : 'fresh'
    },
  }
}

function verifierWith(replay: ReplayStore, more: { revocation?: RevocationSource } = {}): Verifier {
  return createVerifier({
    issuer: kit.issuer.options,
    resource,
    clock: kit.clock,
    dpop: { offload: 'always', replay },
    ...more,
  })
}

describe('a signature that waits on a thread', () => {
  test('RFC 9449 §11.1: a proof that grows stale meanwhile is refused, and the store is not asked', async () => {
    const replay = store()
    const verifier = verifierWith(replay)
    const pending = verifier.check(await kit.request())
    kit.clock.advance(61)
    expect(outcomeOf(await pending)).toBe('proof_expired')
    expect(replay.asked).toBe(0)
  })

  test('RFC 9449 §11.1: a used proof is not admitted again once the store has forgotten it', async () => {
    const verifier = verifierWith(store())
    const view = await kit.request()
    expect(outcomeOf(await verifier.check(view))).toBe('admitted')
    kit.clock.advance(60)
    const again = verifier.check(view)
    kit.clock.advance(6)
    expect(outcomeOf(await again)).toBe('proof_expired')
  })

  test('AT-06: a token that expires meanwhile is refused', async () => {
    const verifier = verifierWith(store())
    const token = await kit.token({ lifetimeSeconds: 20 })
    const pending = verifier.check(await kit.request({ token }))
    kit.clock.advance(25)
    expect(outcomeOf(await pending)).toBe('token_expired')
  })

  test('AUD-05: a token that is revoked meanwhile is refused', async () => {
    let isRevoked = false
    const verifier = verifierWith(store(), { revocation: { isRevoked: () => isRevoked } })
    const pending = verifier.check(await kit.request())
    isRevoked = true
    expect(outcomeOf(await pending)).toBe('token_revoked')
  })
})

describe('a store that waits', () => {
  test('RFC 9449 §4.3: life and freshness are judged when it has answered', async () => {
    const slow = verifierWith(store(() => kit.clock.advance(61)))
    expect(outcomeOf(await slow.check(await kit.request()))).toBe('proof_expired')
    const slower = verifierWith(store(() => kit.clock.advance(306)))
    expect(outcomeOf(await slower.check(await kit.request()))).toBe('token_expired')
  })
})

describe('a nonce that ends meanwhile', () => {
  test('RFC 9449 §9: the answer is use_dpop_nonce with a fresh nonce, and the audit says refused', async () => {
    const results: unknown[] = []
    const verifier = kit.verifierWith({
      dpop: { offload: 'always', replay: store(), freshness: 'nonce', nonce: { secret: 'n'.repeat(32), seconds: 60 } },
      audit: (record) => void ('proof' in record && results.push(record.proof.result)),
    })
    const nonceIn = (verdict: Awaited<ReturnType<Verifier['check']>>) =>
      verdict.ok ? undefined : new Map(verdict.refusal.headers).get('DPoP-Nonce')
    const nonce = nonceIn(await verifier.check(await kit.request()))
    const pending = verifier.check(await kit.request({ proof: { nonce } }))
    kit.clock.advance(61)
    const verdict = await pending
    expect(outcomeOf(verdict)).toBe('nonce_invalid')
    expect(nonceIn(verdict)).not.toBe(nonce)
    expect(nonceIn(verdict)).toMatch(/^[\w-]+$/)
    expect(results.at(-1)).toBe('refused')
  })
})

describe('a revocation source', () => {
  test('AUD-05: that answers at once is asked before the proof is used up', async () => {
    const replay = store()
    const verifier = verifierWith(replay, { revocation: { isRevoked: () => true } })
    expect(outcomeOf(await verifier.check(await kit.request()))).toBe('token_revoked')
    expect(replay.asked).toBe(0)
  })

  test('AUD-05: from its first promise on it is asked last, and only about requests that nothing else refuses', async () => {
    const order: string[] = []
    const replay = store(() => order.push('store'))
    let answer: boolean | Promise<boolean> = Promise.resolve(false)
    const isRevoked = () => {
      order.push('revocation')
      return answer
    }
    const verifier = verifierWith(replay, { revocation: { isRevoked } })
    expect(outcomeOf(await verifier.check(await kit.request()))).toBe('admitted')
    expect(order.splice(0)).toEqual(['revocation', 'store'])
    expect(outcomeOf(await verifier.check(await kit.request()))).toBe('admitted')
    expect(order.splice(0)).toEqual(['store', 'revocation'])
    expect(
      outcomeOf(await verifier.check(await kit.request({ method: 'POST', proof: { method: 'GET', url: resource } }))),
    ).not.toBe('admitted')
    expect(order.splice(0)).toEqual([])
    answer = true
    expect(outcomeOf(await verifier.check(await kit.request()))).toBe('token_revoked')
  })

  test('AUD-05: a first promise that belongs to a refused request answers for no other', async () => {
    let answer: boolean | Promise<boolean> = Promise.resolve(false)
    const verifier = verifierWith(store(), { revocation: { isRevoked: () => answer } })
    const token = await kit.token()
    expect(outcomeOf(await verifier.check(await kit.request({ token, headers: { dpop: 'none' } })))).toBe(
      'proof_malformed',
    )
    answer = true
    expect(outcomeOf(await verifier.check(await kit.request({ token })))).toBe('token_revoked')
  })
})

describe('a store that says since when it is complete', () => {
  const answering = (answer: StoreAnswer) => verifierWith({ add: () => answer })

  test.each([
    ['fresh', -100, 'admitted'],
    ['fresh', -15.001, 'admitted'],
    ['fresh', -15, 'replay_unavailable'],
    ['fresh', 0, 'replay_unavailable'],
    ['seen', 0, 'proof_replayed'],
    ['quota', -100, 'rate_limited'],
  ] as const)('RFC 9449 §11.1: %s, complete since %d s from now: %s', async (answer, seconds, code) => {
    const completeSince = kit.clock.now() + seconds * 1_000
    expect(outcomeOf(await answering({ answer, completeSince }).check(await kit.request()))).toBe(code)
  })

  test.each([
    [{ answer: 'fresh' }],
    [{ answer: 'fresh', completeSince: Number.NaN }],
    [{ answer: 'maybe', completeSince: 0 }],
    [{ completeSince: 0 }],
  ])('RFC 9449 §11.1: %j is no answer', async (answer) => {
    expect(outcomeOf(await answering(answer as StoreAnswer).check(await kit.request()))).toBe('replay_unavailable')
  })
})

describe('two guards of one request that share a store', () => {
  test('RFC 9449 §11.1: use its proof once; another request with the proof is a replay', async () => {
    const replay = store()
    const [outer, inner] = [verifierWith(replay), verifierWith(replay)]
    const view = await kit.request()
    const request = {}
    expect(outcomeOf(await outer.check(view, request))).toBe('admitted')
    expect(outcomeOf(await inner.check(view, request))).toBe('admitted')
    expect(outcomeOf(await inner.check(view, request))).toBe('proof_replayed')
    expect(outcomeOf(await outer.check(view, {}))).toBe('proof_replayed')
  })
})

describe('a revocation source that turns to promises while a request waits', () => {
  test('AUD-05: a token that was revoked meanwhile is not admitted by the answer from before the wait', async () => {
    let isRevoked = false
    let turn: (() => void) | undefined
    const [view, other] = [await kit.request(), await kit.request()]
    const verifier: Verifier = kit.verifierWith({
      dpop: { replay: store(() => (isRevoked = true)) },
      revocation: { isRevoked: () => (turn === undefined ? isRevoked : Promise.resolve(isRevoked)) },
      access: {
        // Asked last before the request goes on; the other request then turns the source before the last look at this one.
        pair() {
          turn ??= () => void verifier.checkNow(other)
          queueMicrotask(turn)
          return true
        },
      },
    })
    expect(outcomeOf(await verifier.check(view))).not.toBe('admitted')
  })
})

describe('guards that come again', () => {
  test('RFC 9449 §11.1: guards on two shared stores in turn use the proof once in each', async () => {
    const [first, second] = [store(), store()]
    const guards = [first, second, first, second].map((replay) => verifierWith(replay))
    const view = await kit.request()
    const request = {}
    for (const guard of guards) expect(outcomeOf(await guard.check(view, request))).toBe('admitted')
    expect([first.asked, second.asked]).toEqual([1, 1])
  })

  test('RFC 9449 §11.1: a request that enters a door twice at once uses its proof once', async () => {
    const { admit } = createAdmissions(verifierWith(store()))
    const view = await kit.request()
    const request = {}
    const entries = await Promise.all([admit(request, view), admit(request, view)])
    expect(entries.map(({ kind }) => kind)).toEqual(['admitted', 'admitted'])
    expect((await admit({}, view)).kind).toBe('answered')
  })
})
