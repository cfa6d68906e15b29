import { type RefusalCode, refusals, type VerifierOptions } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { challengeFields, challengesIn } from '../../support/challenges.ts'
import { type Call, createKit, headerValues, type Kit } from '../../support/kit.ts'
import { dpopOnly, mtlsOnly, noCredentials, plain } from './policies.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit({ trust: { actorIssuers: 'any' } })
})

const answer = (options: Partial<VerifierOptions>, call: Call) =>
  kit.refusal({ ...call, verifier: kit.verifierWith(options) })

describe('the exact field', () => {
  const everyAlg = 'algs="ES256 ES384 Ed25519 EdDSA PS256"'
  const metadata = 'resource_metadata="https://api.example.test/.well-known/oauth-protected-resource"'
  const served = { metadata: true }
  const errorOf = (code: RefusalCode) => `error="${refusals[code].error}", error_description="${refusals[code].detail}"`
  const notBound = errorOf('binding_missing')
  const malformed = errorOf('request_malformed')
  const noProof = errorOf('proof_missing')
  const unbound = { token: { claims: { cnf: undefined } } }

  const forms: readonly (readonly [string, Partial<VerifierOptions>, Call, string])[] = [
    ['default, no credentials', served, noCredentials, `Bearer ${metadata}, DPoP ${everyAlg}, ${metadata}`],
    ['default, DPoP', served, unbound, `DPoP ${notBound}, ${everyAlg}, ${metadata}`],
    [
      'default, Bearer',
      served,
      { ...unbound, scheme: 'bearer' },
      `Bearer ${notBound}, ${metadata}, DPoP ${everyAlg}, ${metadata}`,
    ],
    [
      'default, malformed',
      served,
      { token: 'a b' },
      `Bearer ${malformed}, ${metadata}, DPoP ${malformed}, ${everyAlg}, ${metadata}`,
    ],
    ['RFC 9449 figure 17', plain, noCredentials, 'Bearer, DPoP algs="ES256"'],
    ['dpop only, no credentials (RFC 9449 figure 15)', dpopOnly, noCredentials, 'DPoP algs="ES256"'],
    ['dpop only, no proof', dpopOnly, { proof: null }, `DPoP ${noProof}, algs="ES256"`],
    ['dpop only, scheme not taken', dpopOnly, { scheme: 'Bearer' }, 'DPoP algs="ES256"'],
    ['dpop only, malformed', dpopOnly, { token: 'a b' }, `DPoP ${malformed}, algs="ES256"`],
    ['mtls only, no credentials', mtlsOnly, noCredentials, 'Bearer'],
    ['mtls only, refused', mtlsOnly, { ...unbound, scheme: 'Bearer' }, `Bearer ${notBound}`],
    ['mtls only, with metadata', { dpop: false, ...served }, noCredentials, `Bearer ${metadata}`],
    [
      'a floor with scopes',
      { ...dpopOnly, access: { scopes: ['a', 'b'] } },
      noCredentials,
      'DPoP scope="a b", algs="ES256"',
    ],
    [
      'metadata of a resource with a path',
      { dpop: { algorithms: ['ES256'] }, mtls: false, metadata: true, resource: 'https://api.example.test/v1/mcp' },
      noCredentials,
      'DPoP algs="ES256", resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/v1/mcp"',
    ],
  ]
  test.each(forms)('RFC 9110 §11.6.1: %s', async (_, options, call, expected) => {
    expect(challengeFields(await answer(options, call))).toEqual([expected])
  })
})

describe('which challenges, which parameters', () => {
  const everyAlg = 'ES256 ES384 Ed25519 EdDSA PS256'

  test.each<[Partial<VerifierOptions>, string[]]>([
    [{}, ['Bearer', 'DPoP']],
    [{ mtls: false }, ['DPoP']],
    [{ dpop: false }, ['Bearer']],
  ])('PRES-14: with %j the schemes are %j, algs on DPoP alone', async (options, schemes) => {
    const challenges = challengesIn(await answer(options, noCredentials))
    expect(Object.keys(challenges)).toEqual(schemes)
    const algs = Object.entries(challenges).map(([scheme, parameters]) => [scheme, parameters['algs']])
    expect(Object.fromEntries(algs)['DPoP']).toBe(schemes.includes('DPoP') ? everyAlg : undefined)
    expect(Object.fromEntries(algs)['Bearer']).toBeUndefined()
  })

  test('PRES-14: Bearer stands there where an issuer may send unbound tokens, without mtls as well', async () => {
    const lax = await createKit({ trust: { dangerously: { allowUnbound: true } }, verifier: { mtls: false } })
    expect(Object.keys(challengesIn(await lax.refusal(noCredentials)))).toEqual(['Bearer', 'DPoP'])
  })

  test('PRES-14: algs are the accepted ones in configured order, on every answer with a challenge', async () => {
    const options = { dpop: { algorithms: ['PS256', 'ES256', 'RS256'] as const } }
    for (const call of [noCredentials, { proof: null }, { token: 'a b' }, { scheme: 'Bearer' }, { token: 'junk' }]) {
      expect(challengesIn(await answer(options, call))['DPoP']).toMatchObject({ algs: 'PS256 ES256 RS256' })
    }
  })

  test('PRES-18: the error stands with the scheme used', async () => {
    const bearer = challengesIn(await answer({}, { scheme: 'Bearer', token: 'junk' }))
    expect(bearer['Bearer']).toMatchObject({ error: 'invalid_token' })
    expect(bearer['DPoP']).not.toHaveProperty('error')
    expect(bearer['DPoP']).not.toHaveProperty('error_description')
    const dpop = challengesIn(await answer({}, { token: 'junk' }))
    expect(dpop['DPoP']).toMatchObject({ error: 'invalid_token' })
  })

  test('RFC 9449 §9: a request under DPoP is answered with the DPoP challenge alone', async () => {
    const nonce = { secret: 'x'.repeat(32) }
    const calls: readonly (readonly [Partial<VerifierOptions>, Call])[] = [
      [{ dpop: { nonce } }, {}],
      [{}, { proof: null }],
      [{}, { token: 'junk' }],
      [{}, { proof: { claims: { iat: 0 } } }],
      [{ access: { scopes: ['a'] } }, {}],
      [{ access: { acr: ['gold'] } }, {}],
    ]
    for (const [options, call] of calls) {
      expect(Object.keys(challengesIn(await answer(options, call)))).toEqual(['DPoP'])
    }
  })

  test('RFC 9110 §11.6.1: any other request is answered with every scheme', async () => {
    const calls: readonly Call[] = [
      noCredentials,
      { headers: { authorization: 'Basic dTpw' } },
      { token: 'a b' },
      { scheme: 'Bearer' },
      { headers: { authorization: ['DPoP a', 'DPoP a'] } },
    ]
    for (const call of calls) {
      expect(Object.keys(challengesIn(await answer({}, call)))).toEqual(['Bearer', 'DPoP'])
    }
  })

  test('RFC 9449 §9: a step-up by authorize is answered with the DPoP challenge alone as well', async () => {
    const verdict = await kit.call()
    if (!verdict.ok) throw new Error(verdict.refusal.code)
    const decision = await kit.verifier.authorize(verdict.context, { scopes: ['a'] })
    expect(decision.ok || Object.keys(challengesIn(decision.refusal))).toEqual(['DPoP'])
  })

  test.each([false, true])(
    'PRES-18: a rule of a route answers under the scheme of the latest request, also where an audit listens: %s',
    async (isAudited) => {
      const holder = await createKit({ agent: { certificate: true }, trust: { dpopSchemeForMtls: true } })
      const verifier = holder.verifierWith({ audit: isAudited ? () => {} : undefined })
      const certificate = holder.agent.certificate?.der
      const token = await holder.token()
      const answered: string[][] = []
      for (const scheme of ['DPoP', 'Bearer', 'DPoP']) {
        const request = {}
        const headers = { authorization: `${scheme} ${token}` }
        const verdict = await verifier.check(await holder.request({ headers, certificate }), request)
        if (!verdict.ok) throw new Error(verdict.refusal.code)
        for (const named of [request, undefined]) {
          const decision = await verifier.authorize(verdict.context, { scopes: ['a'] }, named)
          if (!decision.ok) answered.push(Object.keys(challengesIn(decision.refusal)))
        }
      }
      const both = ['Bearer', 'DPoP']
      expect(answered).toEqual([['DPoP'], ['DPoP'], both, both, ['DPoP'], ['DPoP']])
    },
  )

  test('PRES-18: a scheme that is taken but not listed has its error on the first challenge', async () => {
    const lax = await createKit({ trust: { dpopSchemeForMtls: true }, verifier: { dpop: false } })
    expect(challengesIn(await lax.refusal({ token: 'junk' }))).toEqual({
      Bearer: expect.objectContaining({ error: 'invalid_token' }),
    })
  })

  test('PRES-18: of a malformed request no scheme is known: it stands with both', async () => {
    const challenges = challengesIn(await answer({}, { headers: { authorization: ['Bearer a', 'DPoP a'] } }))
    expect(challenges['Bearer']).toMatchObject({ error: 'invalid_request' })
    expect(challenges['DPoP']).toMatchObject({ error: 'invalid_request' })
  })

  test('PRES-18: without an error the challenges are bare', async () => {
    for (const parameters of Object.values(challengesIn(await answer({ metadata: true }, noCredentials)))) {
      expect(parameters).not.toHaveProperty('error')
      expect(parameters).toHaveProperty('resource_metadata')
      expect(parameters).not.toHaveProperty('realm')
    }
  })
})

describe('the other forms', () => {
  test('RFC 9470 §3: step-up names acr_values and max_age, and the scopes that lack too', async () => {
    const access = { acr: ['gold', 'silver'], maxAuthAgeSeconds: 5, scopes: ['a'] }
    const refusal = await answer({ access }, {})
    expect(refusal).toMatchObject({ status: 401, error: 'insufficient_user_authentication' })
    expect(challengesIn(refusal)['DPoP']).toMatchObject({
      error: 'insufficient_user_authentication',
      acr_values: 'gold silver',
      max_age: '5',
      scope: 'a',
    })
  })

  test('RFC 9449 §9: use_dpop_nonce comes with exactly one DPoP-Nonce and is not stored', async () => {
    const verifier = kit.verifierWith({ dpop: { nonce: { secret: 'x'.repeat(32) } } })
    const verdict = await kit.call({ verifier })
    expect(headerValues(verdict, 'dpop-nonce')).toHaveLength(1)
    expect(headerValues(verdict, 'cache-control')).toEqual(['no-store'])
    const refusal = await kit.refusal({ verifier })
    expect(challengesIn(refusal)['DPoP']).toMatchObject({
      error: 'use_dpop_nonce',
      error_description: refusals.nonce_required.detail,
    })
  })

  test.each(['access_denied', 'details_missing'] as const)('RFC 9110 §15.5.4: %s has no challenge', async (code) => {
    const access =
      code === 'access_denied' ? { where: () => false } : { details: { type: 'payment', allows: () => true } }
    const refusal = await answer({ access }, {})
    expect(refusal).toMatchObject({ code, status: 403, error: null })
    expect(challengeFields(refusal)).toEqual([])
  })

  test('RFC 9110 §15.6.4: our own outage has Retry-After and no challenge', async () => {
    const replay = { add: () => 'full' as const }
    const refusal = await answer({ dpop: { replay } }, {})
    expect(refusal).toMatchObject({ status: 503, error: null })
    expect(refusal.headers.map(([name]) => name)).toEqual(['Retry-After', 'Cache-Control'])
    expect(JSON.stringify(refusal.body)).not.toContain('error')
  })

  test('RFC 9457 §3: the body is constant text of the code', async () => {
    expect((await answer({}, { proof: null })).body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: refusals.proof_missing.detail,
      error: 'invalid_dpop_proof',
      error_description: refusals.proof_missing.detail,
      code: 'proof_missing',
    })
  })

  test('RFC 9457 §3: problemCodes: false keeps our code to ourselves', async () => {
    const refusal = await answer({ problemCodes: false }, { proof: null })
    expect(refusal.code).toBe('proof_missing')
    expect(refusal.body).not.toHaveProperty('code')
    expect(refusal.body).toHaveProperty('error', 'invalid_dpop_proof')
  })

  test('RFC 9457 §3: without an OAuth error the body has none', async () => {
    expect((await answer({}, noCredentials)).body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: refusals.credentials_missing.detail,
      code: 'credentials_missing',
    })
  })
})
