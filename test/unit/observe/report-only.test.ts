import {
  type IssuerOptions,
  OptionsError,
  type RefusalCode,
  type ReportableCheck,
  type Verdict,
  type VerifierOptions,
} from 'onbehalf'
import { createTestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { reportableChecks } from '../../../src/options/defaults.ts'
import { memorySink } from '../../support/audit.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { type Call, createKit, type Kit, outcomeOf } from '../../support/kit.ts'

let kit: Kit
let forge: Forge
beforeAll(async () => {
  kit = await createKit({ token: { human: 'alice', scopes: ['a'] } })
  forge = await createForge()
})

const checks = Object.keys(reportableChecks) as readonly ReportableCheck[]

/** A request that only this check refuses. */
const faults: Readonly<Record<ReportableCheck, (now: number) => Fault>> = {
  token_type: () => ({ header: { typ: 'JWT' } }),
  token_lifetime: (now) => ({ claims: { exp: now + 3_600 } }),
  token_audience: () => ({ claims: { aud: 'https://other.test' } }),
  binding_missing: () => ({ claims: { cnf: undefined }, call: { scheme: 'Bearer', proof: null } }),
  proof_expired: (now) => ({ call: { proof: { claims: { iat: now - 61 } } } }),
  proof_not_active: (now) => ({ call: { proof: { claims: { iat: now + 11 } } } }),
  delegation_too_deep: () => ({ claims: { act: nested(6) } }),
  delegation_not_allowed: () => ({ claims: { act: { sub: 'a', iss: 'https://other.test' } } }),
  owner_missing: () => ({ claims: { act: { sub: 'a', sub_profile: 'ai_agent' } } }),
}

interface Fault {
  readonly claims?: Members
  readonly header?: Members
  readonly call?: Omit<Call<Members>, 'token'>
}

function nested(levels: number): object {
  return levels === 1 ? { sub: 'a1' } : { sub: `a${levels}`, act: nested(levels - 1) }
}

function callWith({ claims, header, call }: Fault, verifier = forge.verifier): Promise<Verdict> {
  return forge.call({ ...call, token: forge.token(claims, header), verifier })
}

const nowSeconds = () => forge.clock.now() / 1_000

function reporting(reportOnly: readonly ReportableCheck[], more: Partial<VerifierOptions> = {}) {
  const delegation = { requireOwner: true }
  return forge.verifierWith({ reportOnly, ...(reportOnly.includes('owner_missing') && { delegation }), ...more })
}

describe('each check that may be reported', () => {
  test.each(checks)(
    'Options: reportOnly admits what only %s refuses, says so, counts it and audits it',
    async (check) => {
      const sink = memorySink()
      const verifier = reporting([check], { audit: sink })
      const verdict = await callWith(faults[check](nowSeconds()), verifier)
      expect(verdict).toMatchObject({ ok: true, wouldRefuse: [check], context: { enforcement: 'report-only' } })
      expect(Object.isFrozen(verdict.ok && verdict.wouldRefuse)).toBe(true)
      expect(sink.events).toMatchObject([{ decision: 'admitted', code: null, wouldRefuse: [check] }])
      expect(verifier.health().reported).toEqual({ [check]: 1 })
      expect(verifier.describe()).toMatchObject({ reportOnly: [check], relaxations: ['reportOnly'] })
    },
  )

  test.each(checks)(
    'Options: without reportOnly %s refuses, and a report of every other check does not help',
    async (check) => {
      const owner = check === 'owner_missing' ? { delegation: { requireOwner: true } } : {}
      expect(outcomeOf(await callWith(faults[check](nowSeconds()), forge.verifierWith(owner)))).toBe(check)
      const others = checks.filter((other) => other !== check && other !== 'token_audience')
      const verdict = await callWith(faults[check](nowSeconds()), forge.verifierWith({ reportOnly: others, ...owner }))
      expect(outcomeOf(verdict)).toBe(check)
    },
  )

  test('Options: several are reported in the order of the checks', async () => {
    const now = nowSeconds()
    const all = checks.filter((check) => check !== 'token_audience' && check !== 'binding_missing')
    const claims = { exp: now + 3_600, act: { ...nested(6), iss: 'https://other.test' } }
    const call = { proof: { claims: { iat: now - 61, nbf: now + 99 } } }
    const verdict = await callWith({ claims, header: { typ: undefined }, call }, reporting(all))
    expect(verdict).toMatchObject({
      ok: true,
      wouldRefuse: [
        'token_type',
        'token_lifetime',
        'proof_expired',
        'proof_not_active',
        'delegation_too_deep',
        'delegation_not_allowed',
        'owner_missing',
      ],
    })
  })

  test('Options: a request that nothing is wrong with has the one empty list, and enforcement says what is set', async () => {
    const strict = [await forge.call(), await forge.call()]
    const lists = strict.map((verdict) => verdict.ok && verdict.wouldRefuse)
    expect(lists[0]).toEqual([])
    expect(lists[0]).toBe(lists[1])
    expect(strict[0]).toMatchObject({ context: { enforcement: 'enforced' } })
    const relaxed = await forge.call({ verifier: reporting(['token_lifetime']) })
    expect(relaxed).toMatchObject({ ok: true, wouldRefuse: [], context: { enforcement: 'report-only' } })
  })

  test('Options: a cached token is reported each time', async () => {
    const verifier = reporting(['token_lifetime'])
    const token = forge.token({ exp: nowSeconds() + 3_600 })
    for (let time = 0; time < 2; time++) {
      expect(await forge.call({ token, verifier })).toMatchObject({ ok: true, wouldRefuse: ['token_lifetime'] })
    }
    expect(verifier.health().reported).toEqual({ token_lifetime: 2 })
  })

  test('AUD-06: the event names the option that would admit it, and what the token is relaxed by', async () => {
    const sink = memorySink()
    await callWith(faults.token_lifetime(nowSeconds()), reporting(['token_lifetime'], { audit: sink }))
    expect(sink.events).toMatchObject([{ facts: { hint: 'issuer.maxTokenSeconds' }, relaxations: ['reportOnly'] }])
  })
})

describe('what is enforced all the same', () => {
  const all = checks.filter((check) => check !== 'token_audience')

  test.each<readonly [RefusalCode, Fault | ((now: number) => Fault)]>([
    ['token_type', { header: { typ: 'dpop+jwt' } }],
    ['token_type', { header: { typ: 'id+jwt' } }],
    ['token_type', { header: { typ: 1 } }],
    ['token_type', { header: { typ: 'JWT' }, claims: { nonce: 'n' } }],
    ['token_type', { header: { typ: undefined }, claims: { token_use: 'id' } }],
    ['token_type', { header: { typ: 'JWT' }, claims: { typ: 'Refresh' } }],
    ['token_expired', (now) => ({ claims: { iat: now - 99, exp: now - 9 } })],
    ['token_issuer', { claims: { iss: 'https://other.test' } }],
    ['binding_unsupported', { claims: { cnf: { kid: 'k' } } }],
    ['binding_unsupported', { claims: { cnf: {} } }],
    ['binding_scheme', { call: { scheme: 'Bearer' } }],
    ['binding_scheme', { claims: { cnf: undefined } }],
    ['proof_missing', { call: { proof: null } }],
    ['delegation_malformed', { claims: { act: 'x' } }],
    ['delegation_too_deep', { claims: { act: nested(65) } }],
  ])('Options: reportOnly does not admit %s', async (code, fault) => {
    const given = typeof fault === 'function' ? fault(nowSeconds()) : fault
    expect(outcomeOf(await callWith(given, reporting(all)))).toBe(code)
  })

  test('Options: a certificate that the token names must be presented', async () => {
    const { thumbprint } = await createTestCertificate({ commonName: 'a' })
    const fault = { claims: { cnf: { 'x5t#S256': thumbprint } }, call: { scheme: 'Bearer', proof: null } }
    expect(outcomeOf(await callWith(fault, reporting(all)))).toBe('certificate_missing')
  })

  test('Options: the proof of another key and a used proof stay refused', async () => {
    const verifier = kit.verifierWith({ reportOnly: all })
    expect(await kit.code({ verifier, prover: await kit.issuer.agent('thief') })).toBe('binding_mismatch')
    const view = await kit.request()
    expect(outcomeOf(await verifier.check(view))).toBe('admitted')
    expect(outcomeOf(await verifier.check(view))).toBe('proof_replayed')
  })

  test('Context: a chain of 64 actors comes through whole', async () => {
    const verdict = await callWith({ claims: { act: nested(64) } }, reporting(['delegation_too_deep']))
    expect(verdict).toMatchObject({ ok: true, context: { delegation: { depth: 64 } } })
    expect(verdict.ok && verdict.context.delegation?.chain).toHaveLength(64)
  })

  test('Options: an unbound token that is only reported is taken under Bearer, which challenges then list', async () => {
    const verifier = forge.verifierWith({ mtls: false, reportOnly: ['binding_missing'] })
    expect(verifier.describe().schemes).toEqual(['Bearer', 'DPoP'])
    const verdict = await callWith(faults.binding_missing(0), verifier)
    expect(verdict).toMatchObject({ ok: true, context: { sender: { method: 'none' } } })
    const refused = await forge.refusal({ verifier, headers: { authorization: undefined, dpop: undefined } })
    expect(String(refused.headers.find(([name]) => name === 'WWW-Authenticate'))).toContain('Bearer')
  })
})

describe('proofs whose time is only reported', () => {
  const secret = 'a-nonce-secret-of-thirty-two-bytes-or-more'

  test('RFC 9449 §11.1: they are not remembered, and the event and describe() say so', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ reportOnly: ['proof_expired', 'proof_not_active'], audit: sink })
    const now = kit.clock.now() / 1_000
    for (const iat of [now - 3_600, now + 3_600]) {
      const view = await kit.request({ proof: { claims: { iat } } })
      expect(outcomeOf(await verifier.check(view))).toBe('admitted')
      expect(outcomeOf(await verifier.check(view))).toBe('admitted')
    }
    expect(verifier.health().replay?.size).toBe(0)
    expect(sink.events.map(({ proof, warnings }) => [proof.result, proof.replayed, warnings])).toEqual(
      Array(4).fill(['valid', null, ['proof_time_reported']]),
    )
    expect(verifier.describe().dpop).toMatchObject({ replay: { scope: 'none' } })
    expect(kit.verifierWith({ reportOnly: ['token_lifetime'] }).describe().dpop).toMatchObject({
      replay: { scope: 'process' },
    })
  })

  test('RFC 9449 §11.1: a fresh proof is remembered as ever', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ reportOnly: ['proof_expired'], audit: sink })
    const view = await kit.request()
    expect(outcomeOf(await verifier.check(view))).toBe('admitted')
    expect(outcomeOf(await verifier.check(view))).toBe('proof_replayed')
    expect(sink.events[0]).toMatchObject({ proof: { replayed: false }, warnings: [] })
  })

  test('RFC 9449 §9: a nonce stays owed, and ends', async () => {
    const verifier = kit.verifierWith({ reportOnly: ['proof_expired'], dpop: { nonce: { secret, seconds: 100 } } })
    const { headers } = await kit.refusal({ verifier })
    const nonce = headers.find(([name]) => name === 'DPoP-Nonce')?.[1]
    const iat = kit.clock.now() / 1_000 - 3_600
    const aged = { nonce, claims: { iat } }
    expect(await kit.call({ verifier, proof: aged })).toMatchObject({ ok: true, wouldRefuse: ['proof_expired'] })
    expect(await kit.code({ verifier, proof: { claims: { iat } } })).toBe('nonce_required')
    kit.clock.advance(101)
    expect(await kit.code({ verifier, proof: aged })).toBe('nonce_invalid')
  })

  test('RFC 9449 §11.1: a proof that grows too old in a wait is reported, and its nonce still ends', async () => {
    const late = async (seconds: number, dpop: VerifierOptions['dpop'] = {}) => {
      const access = {
        where: async () => {
          kit.clock.advance(seconds)
          return true
        },
      }
      const verifier = kit.verifierWith({ reportOnly: ['proof_expired'], dpop, access })
      const asked = await kit.call({ verifier })
      const nonce = asked.ok ? undefined : asked.refusal.headers.find(([name]) => name === 'DPoP-Nonce')?.[1]
      return nonce === undefined ? asked : kit.call({ verifier, proof: { nonce } })
    }
    expect(await late(61)).toMatchObject({ ok: true, wouldRefuse: ['proof_expired'] })
    const nonced = { nonce: { secret, seconds: 100 } }
    expect(await late(70, nonced)).toMatchObject({ ok: true, wouldRefuse: ['proof_expired'] })
    expect(outcomeOf(await late(110, nonced))).toBe('nonce_invalid')
  })
})

describe('wrong options', () => {
  const unbound = { dangerously: { allowUnbound: true } } as const

  test.each<readonly [string, Partial<VerifierOptions>, Partial<IssuerOptions>, string]>([
    ['an unknown check', { reportOnly: ['token_signature' as never] }, {}, 'reportOnly[0]'],
    ['an empty list', { reportOnly: [] }, {}, 'reportOnly'],
    ['no list', { reportOnly: 'token_type' as never }, {}, 'reportOnly'],
    ['token_audience with token_type', { reportOnly: ['token_audience', 'token_type'] }, {}, 'reportOnly'],
    ['token_audience with binding_missing', { reportOnly: ['token_audience', 'binding_missing'] }, {}, 'reportOnly'],
    [
      'token_audience with allowUnbound',
      { reportOnly: ['token_audience'] },
      unbound,
      'issuer.dangerously.allowUnbound',
    ],
    [
      'a time with nonces on skew',
      { reportOnly: ['proof_expired'], dpop: { nonce: { secret: 'x'.repeat(32), mode: 'on-skew' } } },
      {},
      'reportOnly',
    ],
    ['a baseline that is reported', { access: { scopes: ['a'], reportOnly: true } }, {}, 'access.reportOnly'],
  ])('Options: %s is an OptionsError', (_, options, trust, path) => {
    expect(problemsOf(() => kit.verifierTrusting(trust, options))).toEqual([path])
  })

  test('Options: an issuer of a resolver may not allow unbound tokens beside a reported audience', async () => {
    const resolve = () => ({ ...kit.trust, ...unbound })
    const verifier = kit.verifierWith({ issuer: { resolve }, reportOnly: ['token_audience'] })
    expect(await kit.code({ verifier })).toBe('keys_unavailable')
  })

  test('Options: neither binding on and unbound tokens only reported is a policy', () => {
    const off = { dpop: false, mtls: false } as const
    expect(problemsOf(() => kit.verifierWith(off))).toEqual(['dpop'])
    expect(problemsOf(() => kit.verifierWith({ ...off, reportOnly: ['binding_missing'] }))).toEqual([])
  })
})

describe('one requirement tried by itself', () => {
  test('Access: it is judged, audited and counted, and refuses nothing', async () => {
    const sink = memorySink()
    const verifier = kit.verifierWith({ audit: sink })
    const context = await kit.context({ verifier })
    const decide = (requirement: Parameters<typeof verifier.authorize>[1]) => verifier.authorize(context, requirement)
    expect(await decide({ scopes: ['pay'], reportOnly: true })).toEqual({ ok: true, wouldRefuse: ['scope_missing'] })
    expect(await decide({ scopes: ['a'], reportOnly: true })).toEqual({ ok: true, wouldRefuse: [] })
    expect(await decide({ scopes: ['pay'] })).toMatchObject({ ok: false })
    expect(sink.events.slice(1)).toMatchObject([
      {
        phase: 'access',
        decision: 'admitted',
        code: null,
        rule: 'scopes',
        wouldRefuse: ['scope_missing'],
        scopesRequired: ['pay'],
        facts: { wanted: ['pay'] },
      },
      { decision: 'admitted', wouldRefuse: [], rule: null },
      { decision: 'refused', wouldRefuse: [], code: 'scope_missing' },
    ])
    expect(verifier.health().reported).toEqual({ scope_missing: 1 })
  })

  test('Access: a rule that fails or hangs changes nothing', async () => {
    const verifier = kit.verifierWith({ hookTimeoutMs: 20 })
    const context = await kit.context({ verifier })
    const rules = [
      () => {
        throw new Error('down')
      },
      () => Promise.reject(new Error('down')),
      () => new Promise<boolean>(() => {}),
    ]
    for (const where of rules) {
      const decision = await verifier.authorize(context, { where, reportOnly: true })
      expect(decision).toEqual({ ok: true, wouldRefuse: ['policy_unavailable'] })
    }
  })

  test('Access: a token that ends while it is judged is refused all the same', async () => {
    const own = await createKit({ token: { human: 'alice' } })
    const context = await own.context()
    const where = async () => {
      own.clock.advance(400)
      return false
    }
    const decision = await own.verifier.authorize(context, { where, reportOnly: true })
    expect(decision).toMatchObject({ ok: false, refusal: { code: 'token_expired' } })
  })

  test('RFC 6750 §3.1: its scopes are in no challenge, also of the requirements around it', async () => {
    const verifier = kit.verifierWith({ access: { scopes: ['a'] } })
    const view = await kit.request()
    const verdict = await verifier.check(view)
    if (!verdict.ok) throw new Error('refused')
    await verifier.authorize(verdict.context, { scopes: ['tried'], reportOnly: true }, view)
    const decision = await verifier.authorize(verdict.context, { scopes: ['b'] }, view)
    const challenge = decision.ok ? '' : String(decision.refusal.headers[0]?.[1])
    expect(challenge).toContain('scope="a b"')
  })
})

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make()
    return []
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path)
    throw error
  }
}
