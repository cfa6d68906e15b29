import type { AccessRequirement, AgentContext } from 'onbehalf'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'
import { rejectionWithWitness } from '../../support/rejection.ts'

let kit: Kit
let context: AgentContext
beforeAll(async () => {
  kit = await createKit()
  const details = [
    { type: 'payment', limit: 100, currency: 'EUR' },
    { type: 'payment', limit: 10, currency: 'USD' },
    { type: 'transfer', limit: 1_000_000, currency: 'EUR' },
  ]
  context = await kit.context({ token: { human: 'alice', claims: { authorization_details: details } } })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A requirement whose named predicate gives this answer. */
const kinds: Readonly<Record<string, (answer: () => unknown) => AccessRequirement>> = {
  actor: (answer) => ({ actor: answer as () => boolean }),
  principal: (answer) => ({ principal: answer as () => boolean }),
  pair: (answer) => ({ pair: answer as () => boolean }),
  where: (answer) => ({ where: answer as () => boolean }),
  'where with a name': (answer) => ({ where: { name: 'rule', test: answer as () => boolean } }),
  details: (answer) => ({ details: { type: 'payment', allows: answer as () => boolean } }),
}
const synchronous = ['actor', 'principal', 'pair', 'details']

describe.each(Object.entries(kinds))('%s', (_name, requiring) => {
  const judge = (answer: () => unknown) => kit.decide(context, requiring(answer))

  test('Access: true allows and false refuses; anything else could not be judged', async () => {
    expect(await judge(() => true)).toBeUndefined()
    expect(await judge(() => false)).toMatch(/^(?:actor_unauthorized|access_denied|details_missing)$/)
    for (const answer of [1, 'true', 'yes', {}, [], [true], new Boolean(true), undefined, null, 0, '', Number.NaN]) {
      expect([answer, await judge(() => answer)]).toEqual([answer, 'policy_unavailable'])
    }
  })

  test('P41: throwing is policy_unavailable, a 503 without a challenge', async () => {
    const fail = () => {
      throw new Error('in the rule')
    }
    const decision = await kit.verifier.authorize<never>(context, requiring(fail))
    expect(decision).toMatchObject({ ok: false, refusal: { code: 'policy_unavailable', status: 503, error: null } })
    const names = decision.ok ? [] : decision.refusal.headers.map(([name]) => name)
    expect(names).toContain('Retry-After')
    expect(names).not.toContain('WWW-Authenticate')
  })

  test('P41: a rejection is policy_unavailable, and is taken care of', async () => {
    const late = rejectionWithWitness()
    expect(await judge(() => late.promise)).toBe('policy_unavailable')
    expect(late.isHandled()).toBe(true)
  })
})

test.each(synchronous)('Access: a promise of true is no answer of %s, which cannot wait', async (name) => {
  const requirement = kinds[name]?.(async () => true)
  expect(requirement && (await kit.decide(context, requirement))).toBe('policy_unavailable')
})

describe('where', () => {
  test('Access: a promise of false refuses, of anything else it could not be judged', async () => {
    expect(await kit.decide(context, { where: async () => false })).toBe('access_denied')
    for (const answer of [1, 'true', {}, undefined, null]) {
      const where = (async () => answer) as unknown as () => Promise<boolean>
      expect([answer, await kit.decide(context, { where })]).toEqual([answer, 'policy_unavailable'])
    }
  })

  test('P41: silence is policy_unavailable after hookTimeoutMs', async () => {
    vi.useFakeTimers()
    let code: string | undefined = 'pending'
    const judged = kit.decide(context, { where: () => new Promise(() => {}) }).then((answer) => {
      code = answer
    })
    await vi.advanceTimersByTimeAsync(999)
    expect(code).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)
    await judged
    expect(code).toBe('policy_unavailable')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('Access: an answer in time leaves no timer behind', async () => {
    vi.useFakeTimers()
    expect(await kit.decide(context, { where: async () => true })).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('Access: a thenable of another library is awaited, and one that throws is an outage', async () => {
    // biome-ignore lint/suspicious/noThenProperty: a foreign promise is what is tested
    const yes = { then: (settle: (answer: boolean) => void) => settle(true) }
    const broken = {
      // biome-ignore lint/suspicious/noThenProperty: a foreign promise is what is tested
      then() {
        throw new Error('in then')
      },
    }
    const requiring = (answer: unknown) => ({ where: () => answer as Promise<boolean> })
    expect(await kit.decide(context, requiring(yes))).toBeUndefined()
    expect(await kit.decide(context, requiring(broken))).toBe('policy_unavailable')
  })

  test('Access: it is asked with the context and the request as they are', async () => {
    const request = { body: { amount: 80 } }
    const where = vi.fn(() => true)
    await kit.verifier.authorize(context, { where }, request)
    expect(where.mock.calls).toEqual([[context, request]])
  })

  test('Access: authorizeNow waits for nobody unless it has to', () => {
    expect(kit.verifier.authorizeNow(context, { where: () => true })).toEqual({ ok: true, wouldRefuse: [] })
    expect(kit.verifier.authorizeNow(context, { where: async () => true })).toBeInstanceOf(Promise)
  })
})

describe('details', () => {
  test('Access: only those of the type asked for are shown, one at a time, as the token has them', async () => {
    const seen: unknown[] = []
    const allows = (detail: unknown) => seen.push(detail) < 0
    expect(await kit.decide(context, { details: { type: 'payment', allows } })).toBe('details_missing')
    expect(seen).toEqual([
      { type: 'payment', limit: 100, currency: 'EUR' },
      { type: 'payment', limit: 10, currency: 'USD' },
    ])
    expect(seen.every((detail) => Object.isFrozen(detail))).toBe(true)
  })

  test('Access: any one may allow, two are never mixed', async () => {
    const paying = (amount: number, currency: string): AccessRequirement => ({
      details: {
        type: 'payment',
        allows: (detail) => detail['currency'] === currency && amount <= Number(detail['limit']),
      },
    })
    expect(await kit.decide(context, paying(80, 'EUR'))).toBeUndefined()
    expect(await kit.decide(context, paying(10, 'USD'))).toBeUndefined()
    expect(await kit.decide(context, paying(80, 'USD'))).toBe('details_missing')
    expect(await kit.decide(context, paying(120, 'EUR'))).toBe('details_missing')
  })

  test('Access: a type the token does not have is missing, without asking', async () => {
    const allows = vi.fn(() => true)
    expect(await kit.decide(context, { details: { type: 'Payment', allows } })).toBe('details_missing')
    expect(allows).not.toHaveBeenCalled()
  })

  test('Access: a rule with a method finds its own members', async () => {
    const details = {
      type: 'payment',
      allows(detail: { readonly type: string }) {
        return detail.type === this.type
      },
    }
    expect(await kit.decide(context, { details })).toBeUndefined()
  })

  test('Access: a detail that could not be judged is an outage, unless another one allows', async () => {
    let asked = 0
    const failingFirst = (later: boolean) => () => {
      asked++
      if (asked % 2 === 1) throw new Error('in the rule')
      return later
    }
    expect(await kit.decide(context, { details: { type: 'payment', allows: failingFirst(true) } })).toBeUndefined()
    expect(await kit.decide(context, { details: { type: 'payment', allows: failingFirst(false) } })).toBe(
      'policy_unavailable',
    )
  })
})
