import { describe, expect, test } from 'vitest'
import { type AccessRequirement, type AgentContext, createVerifier, type IssuerOptions } from '../../src/index.ts'
import { createTestIssuer, requestView } from '../../src/testing/index.ts'
import { parseChallenges } from '../support/challenges.ts'

interface Example {
  readonly issuer: string
  readonly resource?: string
  readonly claims: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly options?: Partial<IssuerOptions>
  readonly nowSeconds?: number
}

/** Sends the example's claims in a signed, bound and complete token, at a time when it is valid. */
async function send(example: Example) {
  const { issuer: name, resource = 'https://rs.example.com/', claims, header, options } = example
  const issuer = await createTestIssuer({ issuer: name, resource })
  const agent = await issuer.agent('s6BhdRkqt3')
  if (example.nowSeconds !== undefined) issuer.clock.step(example.nowSeconds - issuer.clock.now() / 1_000)
  const token = await issuer.token({ agent, claims: { sub_profile: undefined, ...claims }, header })
  const verifier = createVerifier({ issuer: { ...issuer.options, ...options }, resource, clock: issuer.clock })
  const url = new URL('/x', resource).href
  const verdict = await verifier.check(requestView({ url, headers: await agent.headers('GET', url, token) }))
  return { verifier, verdict }
}

async function contextOf(example: Example): Promise<AgentContext> {
  const { verdict } = await send(example)
  if (!verdict.ok) throw new Error(verdict.refusal.code)
  return verdict.context
}

describe('RFC 9068', () => {
  const claims = {
    iss: 'https://authorization-server.example.com/',
    sub: '5ba552d67',
    aud: 'https://rs.example.com/',
    exp: 1_639_528_912,
    iat: 1_618_354_090,
    jti: 'dbe39bf3a3ba4238a513f51d6e1691c4',
    client_id: 's6BhdRkqt3',
    scope: 'openid profile reademail',
  }
  const example = { issuer: claims.iss, claims, header: { typ: 'at+JWT' }, nowSeconds: claims.iat }

  test('RFC 9068 §2.2 (F04-1): the example is read as printed, its typ in any case', async () => {
    const context = await contextOf({ ...example, options: { maxTokenSeconds: claims.exp - claims.iat } })
    expect(context.principal.subject).toBe('5ba552d67')
    expect(context.client?.id).toBe('s6BhdRkqt3')
    expect(context.scopes).toEqual(['openid', 'profile', 'reademail'])
    expect(context.token).toMatchObject({ id: claims.jti, audience: [claims.aud], issuer: claims.iss })
    expect(context.warnings).toContain('ttl_over_policy')
  })

  test('RFC 9068 §4 (F04-1): its life of 245 days is over the ceiling', async () => {
    const { verdict } = await send(example)
    expect(verdict.ok || verdict.refusal.code).toBe('token_lifetime')
  })
})

describe('RFC 8693', () => {
  const issuer = 'https://issuer.example.com'
  const sub = 'user@example.com'

  test('RFC 8693 §4.1 (F04-2): one actor', async () => {
    const context = await contextOf({ issuer, claims: { sub, act: { sub: 'admin@example.com' } } })
    expect([context.principal.subject, context.actor.subject]).toEqual([sub, 'admin@example.com'])
    expect(context.delegation?.depth).toBe(1)
  })

  test('RFC 8693 §4.1 (F04-3): the outermost actor is the current one, the nested one came before', async () => {
    const act = { sub: 'https://service16.example.com', act: { sub: 'https://service77.example.com' } }
    const context = await contextOf({ issuer, claims: { sub, act } })
    expect(context.actor.subject).toBe('https://service16.example.com')
    expect(context.delegation?.chain.map((party) => party.subject)).toEqual([act.sub, act.act.sub])
  })

  test('RFC 8693 §4.4 (F04-4): may_act makes nobody an actor', async () => {
    const context = await contextOf({ issuer, claims: { sub, may_act: { sub: 'admin@example.com' } } })
    expect(context.actor).toBe(context.principal)
    expect(context.authority).toBe('undetermined')
  })
})

describe('RFC 9470', () => {
  const claims = {
    iss: 'https://as.example.net',
    sub: 'someone@example.net',
    aud: 'https://rs.example.com',
    exp: 1_646_343_000,
    iat: 1_646_340_200,
    jti: 'e1j3V_bKic8-LAEB_lccD0G',
    client_id: 's6BhdRkqt3',
    scope: 'purchase',
    auth_time: 1_646_340_198,
    acr: 'myACR',
  }
  const example = {
    issuer: claims.iss,
    resource: claims.aud,
    nowSeconds: claims.iat,
    options: { maxTokenSeconds: 2_800 },
  }

  async function decide(changes: Record<string, unknown>, requirement: AccessRequirement) {
    const { verifier, verdict } = await send({ ...example, claims: { ...claims, ...changes } })
    if (!verdict.ok) throw new Error(verdict.refusal.code)
    return verifier.authorize(verdict.context, requirement)
  }

  for (const [name, requirement, changes, parameter] of [
    ['acr', { acr: ['myACR'] }, { acr: 'other' }, ['acr_values', 'myACR']],
    ['auth_time', { maxAuthAgeSeconds: 5 }, { auth_time: claims.iat - 6 }, ['max_age', '5']],
  ] as const) {
    test(`RFC 9470 §3 (F04-5, F04-6): ${name} satisfies, else the challenge names ${parameter[0]}`, async () => {
      expect((await decide({}, requirement)).ok).toBe(true)
      for (const lacking of [changes, { [name]: undefined }]) {
        const decision = await decide(lacking, requirement)
        if (decision.ok) throw new Error('allowed')
        expect(decision.refusal.status).toBe(401)
        const challenges = parseChallenges(new Map(decision.refusal.headers).get('WWW-Authenticate') ?? '')
        const used = challenges.find(({ scheme }) => scheme === 'DPoP')
        expect(used?.parameters.get('error')).toBe('insufficient_user_authentication')
        expect(used?.parameters.get(parameter[0])).toBe(parameter[1])
      }
    })
  }
})

test('RFC 9396 §9.1 (F04-7): authorization_details arrive whole, and rule access', async () => {
  const detail = {
    type: 'https://scheme.example.com/payment_initiation',
    actions: ['initiate', 'status', 'cancel'],
    locations: ['https://example.com/payments'],
    instructedAmount: { currency: 'EUR', amount: '123.50' },
    creditorName: 'Merchant A',
    creditorAccount: { iban: 'DE02100100109307118603' },
    remittanceInformationUnstructured: 'Ref Number Merchant',
  }
  const claims = { sub: '24400320', acr: 'psd2_sca', authorization_details: [detail] }
  const { verifier, verdict } = await send({ issuer: 'https://as.example.com', claims })
  if (!verdict.ok) throw new Error(verdict.refusal.code)
  expect(JSON.parse(JSON.stringify(verdict.context.authorizationDetails))).toEqual([detail])
  const allow = async (action: string) =>
    verifier.authorize(verdict.context, {
      details: { type: detail.type, allows: ({ actions }) => Array.isArray(actions) && actions.includes(action) },
    })
  expect((await allow('initiate')).ok).toBe(true)
  expect((await allow('refund')).ok).toBe(false)
})
