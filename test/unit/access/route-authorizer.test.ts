import type { AccessRequirement, AuditEvent, VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { memorySink } from '../../support/audit.ts'
import { challengeOf, challengesIn } from '../../support/challenges.ts'
import { createKit } from '../../support/kit.ts'

/** What stands between the judgement of a requirement and the decision: the time that passed, the audit, the challenge. */

const kit = await createKit({ token: { human: 'alice', scopes: ['a'] } })

/** A verifier with a sink, and a context that lives for a minute. */
async function watched(options: Partial<VerifierOptions> = {}) {
  const sink = memorySink()
  const verifier = kit.verifierWith({ audit: sink, ...options })
  const context = await kit.context({ verifier, token: { lifetimeSeconds: 60 } })
  const decide = async (requirement: AccessRequirement<never>) => {
    const decision = await verifier.authorize<never>(context, requirement)
    return decision.ok ? decision.wouldRefuse : decision.refusal.code
  }
  return { sink, verifier, context, decide, last: () => sink.events.at(-1) }
}

/** A rule that answers after the token of the context has expired. */
function late(answer: unknown, reportOnly?: true): AccessRequirement<never> {
  const test = async () => {
    kit.clock.advance(66)
    return answer as boolean
  }
  return { where: { name: 'slow', test }, reportOnly }
}

describe('a rule during which the token ends', () => {
  test('AT-06: a yes that comes after the token has expired admits nothing, and the audit names the expiry alone', async () => {
    const { decide, last } = await watched()
    expect(await decide(late({ allow: true, reason: 'office hours' }))).toBe('token_expired')
    expect(last()).toMatchObject({ decision: 'refused', code: 'token_expired', rule: null })
    expect(JSON.stringify(last())).not.toContain('office hours')
  })

  test('Audit: a no that comes after the token has expired is still the no of its rule', async () => {
    const { decide, last } = await watched()
    expect(await decide(late({ allow: false, reason: 'closed' }))).toBe('access_denied')
    expect(last()).toMatchObject({ code: 'access_denied', rule: 'where:slow', facts: { reason: 'closed' } })
  })

  test('AT-06: a requirement that is only reported does not admit a token that has expired meanwhile', async () => {
    const { decide, last } = await watched()
    expect(await decide(late(false, true))).toBe('token_expired')
    expect(last()).toMatchObject({ code: 'token_expired', rule: null, wouldRefuse: [] })
  })

  test('AUD-05: a token that is revoked while its rule is asked is refused', async () => {
    const revoked = new Set<string>()
    const { decide } = await watched({ revocation: { isRevoked: ({ issuer }) => revoked.has(issuer) } })
    const where = async () => revoked.add(kit.trust.issuer) !== undefined
    expect(await decide({ where })).toBe('token_revoked')
  })

  test('Access: without a wait the admission of the request stands', async () => {
    const { verifier, context } = await watched()
    kit.clock.advance(66)
    const asked = (hasWaited?: boolean) => verifier.authorizeNow(context, { scopes: ['a'] }, undefined, { hasWaited })
    expect(asked()).toMatchObject({ ok: true })
    expect(asked(true)).toMatchObject({ ok: false, refusal: { code: 'token_expired' } })
  })
})

describe('a clock that fails', () => {
  test('Access: no decision rests on a time that is not known, and the audit names no rule', async () => {
    let isBroken = false
    const clock = () => (isBroken ? Number.NaN : kit.clock.now())
    const { decide, last } = await watched({ clock })
    isBroken = true
    expect(await decide({ maxAuthAgeSeconds: 60 })).toBe('policy_unavailable')
    expect(last()).toMatchObject({ code: 'policy_unavailable', status: 503, rule: null })
    expect(await decide({ maxAuthAgeSeconds: 60, reportOnly: true })).toBe('policy_unavailable')
    isBroken = false
    expect(await decide({ maxAuthAgeSeconds: 60 })).toBe('authentication_insufficient')
    expect(last()).toMatchObject({ rule: 'maxAuthAgeSeconds' })
  })
})

describe('a requirement that is only reported', () => {
  test.each<[AccessRequirement<never>, string]>([
    [{ scopes: ['b'] }, 'scope_missing'],
    [{ actor: () => false }, 'actor_unauthorized'],
    [{ where: () => false }, 'access_denied'],
    [{ where: async () => false }, 'access_denied'],
  ])('Access: %j admits, and says and records what it would refuse for', async (requirement, code) => {
    const { verifier, context, decide, last } = await watched()
    const decision = await verifier.authorize<never>(context, { ...requirement, reportOnly: true })
    expect(decision).toStrictEqual({ ok: true, wouldRefuse: [code] })
    expect(Object.isFrozen(decision)).toBe(true)
    expect(last()).toMatchObject({ decision: 'admitted', code: null, rule: Object.keys(requirement)[0] })
    expect(last()?.wouldRefuse).toEqual([code])
    expect(await decide(requirement)).toBe(code)
  })

  test('RFC 6750 §3.1: its scopes stand in no challenge of another requirement of the request', async () => {
    const { verifier, context } = await watched({ access: { scopes: ['a'] } })
    const request = {}
    await verifier.authorize(context, { scopes: ['tried'], reportOnly: true }, request)
    expect(challengeOf(await verifier.authorize(context, { scopes: ['c'] }, request))).toContain('scope="a c"')
  })
})

describe('a sink that must take every event', () => {
  /** Takes what `takes` allows, at once or later. */
  async function required(takes: (event: AuditEvent) => boolean, wait: boolean) {
    const seen: (string | null)[] = []
    const taken = memorySink()
    const write = (event: AuditEvent): void | Promise<void> => {
      seen.push(event.code)
      if (takes(event)) return wait ? Promise.resolve() : undefined
      if (wait) return Promise.reject(new Error('full'))
      throw new Error('full')
    }
    const audit = [{ sink: { write }, required: true as const }, taken]
    return { ...(await watched({ audit })), seen, taken }
  }
  const isNotAccess = ({ phase }: AuditEvent) => phase !== 'access'

  test.each([false, true])(
    'P41: access that it does not record is refused, also where it answers late: %s',
    async (wait) => {
      const { decide, seen, taken } = await required(isNotAccess, wait)
      expect(await decide({ scopes: ['a'] })).toBe('audit_unavailable')
      expect(await decide({ scopes: ['b'] })).toBe('audit_unavailable')
      expect(seen).toEqual([null, null, 'scope_missing'])
      const refusals = taken.events.slice(1)
      expect(refusals.map(({ code, rule }) => [code, rule])).toEqual([
        ['audit_unavailable', null],
        ['audit_unavailable', null],
      ])
      for (const { facts } of refusals) expect(facts?.cause).toMatch(/./)
    },
  )

  test.each([false, true])('Audit: access that it records is decided as it was judged, also late: %s', async (wait) => {
    const { decide, seen } = await required(() => true, wait)
    expect(await decide({ scopes: ['a'] })).toEqual([])
    expect(await decide({ scopes: ['b'] })).toBe('scope_missing')
    expect(seen).toEqual([null, null, 'scope_missing'])
  })

  test('RFC 6750 §3.1: a guard whose decision was not recorded has not been passed', async () => {
    let isFull = false
    const { verifier, context } = await required(() => !isFull, true)
    const request = {}
    isFull = true
    await verifier.authorize(context, { scopes: ['a'] }, request)
    isFull = false
    expect(challengeOf(await verifier.authorize(context, { scopes: ['c'] }, request))).toContain('scope="c"')
  })

  test('P41: a challenge that it does not record is audit_unavailable', async () => {
    for (const wait of [false, true]) {
      const sink = memorySink()
      const write = () => {
        if (wait) return Promise.reject(new Error('full'))
        throw new Error('full')
      }
      const verifier = kit.verifierWith({ audit: [{ sink: { write }, required: true }, sink] })
      const view = await kit.request({ headers: { authorization: undefined, dpop: undefined } })
      expect(await verifier.challenge({ scopes: ['a'] }, view)).toMatchObject({
        code: 'audit_unavailable',
        status: 503,
        facts: { cause: expect.stringMatching(/./) },
      })
      expect(sink.events).toMatchObject([{ decision: 'refused', code: 'audit_unavailable', status: 503 }])
    }
  })
})

describe('the challenge of a route that needs credentials', () => {
  test('RFC 6750 §3.1: it has no error, and names the scopes of the route and of the baseline', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink, access: { scopes: ['base'] } })
    const view = await kit.request({ headers: { authorization: undefined, dpop: undefined } })
    const refusal = await verifier.challenge({ scopes: ['a'] }, view)
    expect(refusal).toMatchObject({ code: 'credentials_missing', status: 401, error: null })
    expect(challengesIn(refusal)['DPoP']?.['scope']).toBe('base a')
    expect(sink.events).toMatchObject([
      { phase: 'authentication', decision: 'refused', code: 'credentials_missing', scopesRequired: ['base', 'a'] },
    ])
  })

  test('RFC 6750 §3: it names no scope of a requirement that is only reported', async () => {
    const view = await kit.request({ headers: { authorization: undefined, dpop: undefined } })
    const refusal = await kit.verifier.challenge({ scopes: ['tried'], reportOnly: true }, view)
    expect(challengesIn(refusal)['DPoP']).not.toHaveProperty('scope')
  })
})

describe('the scheme of a refusal, where no audit knows the request', () => {
  test('RFC 6750 §3.1: a certificate-bound token, which came as Bearer, has its error in the challenge of Bearer', async () => {
    const agent = await kit.issuer.agent('certified', { certificate: true })
    const verifier = kit.verifierWith({ mtls: { certificate: 'socket' } })
    const context = await kit.context({
      verifier,
      token: { agent, bind: 'mtls' },
      scheme: 'Bearer',
      proof: null,
      certificate: agent.certificate?.der,
    })
    const decision = await verifier.authorize(context, { scopes: ['b'] })
    if (decision.ok) throw new Error('a refusal')
    const { Bearer, DPoP } = challengesIn(decision.refusal)
    expect([Bearer?.['error'], DPoP?.['error']]).toEqual(['insufficient_scope', undefined])
  })

  test('RFC 9449 §7.1: a token bound to a proof key has its error in the challenge of DPoP', async () => {
    const decision = await kit.verifier.authorize(await kit.context(), { scopes: ['b'] })
    if (decision.ok) throw new Error('a refusal')
    expect(challengesIn(decision.refusal)).toMatchObject({ DPoP: { error: 'insufficient_scope' } })
    expect(challengesIn(decision.refusal)).not.toHaveProperty('Bearer')
  })
})
