import type { AuditEvent, VerifierOptions } from 'onbehalf'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../support/bytes.ts'
import { clientId, createDesk, type Desk, endpoint, opaque, secret } from '../../support/introspection.ts'
import type { Members } from '../../support/jws.ts'
import { issuerUrl, outcomeOf, resource, url } from '../../support/kit.ts'

const codeOf = (desk: Desk, token = opaque) => desk.forge.code({ token, verifier: desk.verifier })
const contextOf = (desk: Desk, token = opaque) => desk.forge.context({ token, verifier: desk.verifier })

/** A desk whose answer differs from a good one. */
async function asking(changes: Members): Promise<Desk> {
  const desk = await createDesk()
  desk.answer(() => desk.active(changes))
  return desk
}

describe('the question', () => {
  test('RFC 7662 §2.1: is a POST of a form with the token and its hint, under client_secret_basic', async () => {
    const desk = await createDesk()
    expect(await codeOf(desk)).toBe('admitted')
    const [{ url: asked, init, form, headers } = { url: '' }] = desk.questions as [Desk['questions'][number]]
    expect([asked, init?.method, init?.redirect, init?.credentials]).toEqual([endpoint, 'POST', 'error', 'omit'])
    expect(Object.fromEntries(form ?? [])).toEqual({ token: opaque, token_type_hint: 'access_token' })
    expect(headers?.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(headers?.get('accept')).toBe('application/json')
  })

  test('RFC 6749 §2.3.1: id and secret are form-urlencoded before they are joined', async () => {
    const desk = await createDesk()
    await codeOf(desk)
    const [scheme, credentials = ''] = desk.questions[0]?.headers.get('authorization')?.split(' ') ?? []
    expect(scheme).toBe('Basic')
    const [id = '', password = ''] = Buffer.from(credentials, 'base64').toString().split(':')
    expect([id, password]).toEqual(['travel+api', 's3cret%3Awith+%25signs%2B+and+%C3%BCnicode'])
    const read = new URLSearchParams(`id=${id}&secret=${password}`)
    expect([read.get('id'), read.get('secret')]).toEqual([clientId, secret])
  })

  test.each(['garbage!', 'späce', 'a b', 'a"b', '=a', 'a=b'])(
    'RFC 9110 §11.2: %s is no token68, so nothing is asked',
    async (token) => {
      const desk = await createDesk()
      expect(await codeOf(desk, token)).toBe('request_malformed')
      expect(desk.questions).toEqual([])
    },
  )

  test('Introspection: a token with exactly two dots is not asked about', async () => {
    const desk = await createDesk()
    expect(await codeOf(desk, 'a.b.c')).toBe('token_malformed')
    expect(await codeOf(desk, desk.forge.token())).toBe('admitted')
    expect(desk.questions).toEqual([])
  })

  test('Introspection: a token over token.maxBytes is not asked about', async () => {
    const desk = await createDesk({ verifier: { token: { maxBytes: 256 } } })
    expect(await codeOf(desk, 'x'.repeat(257))).toBe('request_malformed')
    expect(desk.questions).toEqual([])
  })
})

describe('an active token', () => {
  test('Audit: an opaque token without jti, iat and client_id needs no option for that, and the event names none', async () => {
    const events: AuditEvent[] = []
    const audit: VerifierOptions['audit'] = (record) => void ('decision' in record && events.push(record))
    const desk = await createDesk({ verifier: { audit } })
    desk.answer(() => desk.active({ client_id: undefined, jti: undefined, iat: undefined }))
    expect(await codeOf(desk)).toBe('admitted')
    expect(events.map(({ relaxations }) => relaxations)).toEqual([[]])
  })

  const shapes: readonly (readonly [string, Members])[] = [
    ['of a user', {}],
    ['with an actor', { act: { sub: 'travel-7', iss: issuerUrl, sub_profile: 'ai_agent', act: { sub: 'planner' } } }],
    ['with authorization details', { authorization_details: [{ type: 'payment', amount: '12.50' }] }],
    ['with acr, amr and auth_time', { acr: 'gold', amr: ['hwk'], auth_time: 1_767_225_000 }],
    ['with scopes, roles and permissions', { scope: 'a b', roles: ['r'], permissions: ['p'] }],
    ['without client_id, jti and iat', { client_id: undefined, jti: undefined, iat: undefined }],
  ]

  test.each(shapes)('ACT-22: %s has the context of a JWT with the same claims', async (_, claims) => {
    const desk = await asking({ jti: 'same', ...claims })
    const { forge } = desk
    const jwt = forge.token({ jti: 'same', ...claims })
    const trusting = forge.verifierTrusting({ optionalClaims: ['client_id', 'jti', 'iat'] })
    const expected = await forge.context({ token: jwt, verifier: trusting })
    const { token, ...context } = await contextOf(desk)
    const { token: expectedToken, ...rest } = expected
    expect(context).toEqual(rest)
    expect({ ...token, id: '' }).toEqual({ ...expectedToken, id: '' })
    expect(token.id).toBe('jti' in claims ? `h:${sha256(opaque)}` : 'same')
  })

  test('RFC 9396 §9.2: its details are judged by the rules of a route', async () => {
    const desk = await asking({ authorization_details: [{ type: 'payment', to: 'shop' }] })
    const context = await contextOf(desk)
    const details = (to: string) => ({ details: { type: 'payment', allows: (detail: Members) => detail['to'] === to } })
    const codes = await Promise.all(
      ['shop', 'thief'].map(async (to) => {
        const decision = await desk.verifier.authorize<never>(context, details(to))
        return decision.ok ? 'admitted' : decision.refusal.code
      }),
    )
    expect(codes).toEqual(['admitted', 'details_missing'])
  })

  test('RFC 9470 §6.2: its acr and auth_time are held against the route', async () => {
    const now = Math.floor((await createDesk()).forge.clock.now() / 1_000)
    const context = async (claims: Members) => {
      const desk = await asking(claims)
      const decision = await desk.verifier.authorize<never>(await contextOf(desk), {
        acr: ['gold'],
        maxAuthAgeSeconds: 60,
      })
      return decision.ok ? 'admitted' : decision.refusal.code
    }
    expect(await context({ acr: 'gold', auth_time: now - 30 })).toBe('admitted')
    expect(await context({ acr: 'gold', auth_time: now - 90 })).toBe('authentication_insufficient')
    expect(await context({ auth_time: now - 30 })).toBe('authentication_insufficient')
  })

  test('DPOP-35: the proof is owed by the cnf of the answer', async () => {
    const desk = await createDesk()
    const { forge, verifier } = desk
    expect(await forge.code({ token: opaque, verifier, proof: null })).toBe('proof_missing')
    expect(await forge.code({ token: opaque, verifier, scheme: 'Bearer' })).toBe('binding_scheme')
    expect(await forge.code({ token: opaque, verifier, proof: { token: 'another' } })).toBe('proof_token_hash')
    desk.forge.clock.advance(31)
    desk.answer(() => desk.active({ cnf: { jkt: 'A'.repeat(43) } }))
    expect(await codeOf(desk)).toBe('binding_mismatch')
    desk.forge.clock.advance(31)
    desk.answer(() => desk.active({ cnf: undefined }))
    expect(await codeOf(desk)).toBe('binding_missing')
  })

  const certificate = Buffer.from('a certificate in DER')
  const bound = { 'x5t#S256': sha256(certificate) }
  test.each([
    ['bound to the key', 'DPoP', undefined, {}, 'admitted'],
    ['bound to the key', 'dpop', undefined, {}, 'admitted'],
    ['bound to the key', 'Bearer', undefined, {}, 'binding_scheme'],
    ['bound to the key', 'N_A', undefined, {}, 'binding_scheme'],
    ['bound to the key', 7, undefined, {}, 'binding_scheme'],
    ['bound to the certificate', 'Bearer', bound, {}, 'admitted'],
    ['bound to the certificate', 'DPoP', bound, {}, 'binding_scheme'],
    ['bound to the certificate', 'DPoP', bound, { dpopSchemeForMtls: true }, 'admitted'],
    ['bound to the certificate', 'refresh_token', bound, {}, 'binding_scheme'],
  ])('DPOP-35: %s with token_type %s', async (_, type, cnf, trust, outcome) => {
    const desk = await createDesk({ trust })
    desk.answer(() => desk.active({ token_type: type, ...(cnf !== undefined && { cnf }) }))
    const call = cnf === undefined ? {} : { scheme: 'Bearer', proof: null, certificate }
    expect(await desk.forge.code({ ...call, token: opaque, verifier: desk.verifier })).toBe(outcome)
  })

  test('DPOP-35: of a token that is not bound at all, that is said first', async () => {
    expect(await codeOf(await asking({ token_type: 'DPoP', cnf: undefined }))).toBe('binding_missing')
  })

  test('MTLS-05: the certificate is owed by the cnf of the answer', async () => {
    const desk = await asking({ cnf: bound })
    const send = (own: Uint8Array | undefined) =>
      desk.forge.code({
        token: opaque,
        verifier: desk.verifier,
        scheme: 'Bearer',
        proof: null,
        ...(own && { certificate: own }),
      })
    expect(await send(certificate)).toBe('admitted')
    expect(await send(Buffer.from('another'))).toBe('binding_mismatch')
    expect(await send(undefined)).toBe('certificate_missing')
  })
})

describe('what an answer must have', () => {
  const unusable = 'introspection_unavailable'
  test.each<readonly [string, Members, string, string | undefined]>([
    ['active false', { active: false }, 'token_revoked', undefined],
    ['active "true"', { active: 'true' }, unusable, 'active'],
    ['active 1', { active: 1 }, unusable, 'active'],
    ['no active', { active: undefined }, unusable, 'active'],
    ['active null', { active: null }, unusable, 'active'],
    ['no sub', { sub: undefined }, unusable, 'sub'],
    ['an empty sub', { sub: '' }, unusable, 'sub'],
    ['a sub that is a number', { sub: 7 }, unusable, 'sub'],
    ['no exp', { exp: undefined }, unusable, 'exp'],
    ['an exp that is a string', { exp: '1767225900' }, unusable, 'exp'],
    ['no aud', { aud: undefined }, unusable, 'aud'],
    ['an empty aud', { aud: [] }, unusable, 'aud'],
    ['an aud that is a number', { aud: 7 }, unusable, 'aud'],
    ['another iss', { iss: 'https://evil.test' }, unusable, 'iss'],
    ['an iss that is null', { iss: null }, unusable, 'iss'],
    ['no iss', { iss: undefined }, 'admitted', undefined],
    ['another aud', { aud: 'https://other.test' }, 'token_audience', undefined],
    ['two aud with ours', { aud: ['https://other.test', resource] }, 'admitted', undefined],
    ['an exp that has passed', { iat: 1_767_225_000, exp: 1_767_225_500 }, 'token_expired', undefined],
    ['an nbf ahead', { nbf: 1_767_225_700 }, 'token_not_active', 'nbf'],
    ['an iat ahead', { iat: 1_767_225_700 }, 'token_not_active', 'iat'],
    ['a life beyond the ceiling', { exp: 1_767_225_600 + 301 }, 'token_lifetime', undefined],
    ['no iat and a life beyond the ceiling', { iat: undefined, exp: 1_767_225_600 + 301 }, 'token_lifetime', undefined],
    ['a malformed scope', { scope: 'a  b' }, 'token_claim', 'scope'],
    ['a malformed act', { act: 'x' }, 'delegation_malformed', undefined],
    ['a malformed jti', { jti: 7 }, 'token_claim', 'jti'],
  ])('RFC 7662 §2.2: %s', async (_, changes, outcome, claim) => {
    const desk = await asking(changes)
    for (const round of ['cold', 'warm']) expect(await codeOf(desk), round).toBe(outcome)
    const verdict = await desk.forge.call({ token: opaque, verifier: desk.verifier })
    if (!verdict.ok && claim !== undefined) expect(verdict.refusal.facts.claim).toBe(claim)
  })

  test('RFC 7662 §2.2: aud may be absent for a client whose audience is waived', async () => {
    const trust = { dangerously: { allowMissingAudience: { clients: ['travel-app'] } } }
    const desk = await createDesk({ trust })
    desk.answer(() => desk.active({ aud: undefined }))
    expect(await codeOf(desk)).toBe('admitted')
    desk.forge.clock.advance(31)
    desk.answer(() => desk.active({ aud: undefined, client_id: 'other-app' }))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
    desk.answer(() => desk.active({ aud: [] }))
    expect(await codeOf(desk)).toBe('introspection_unavailable')
  })

  test('Context: without iat the warning is no_iat, and the token is as old as our first look at it', async () => {
    const desk = await asking({ iat: undefined, jti: undefined })
    const context = await contextOf(desk)
    expect(context.warnings).toContain('no_iat')
    expect(context.token.issuedAt).toBe(desk.forge.clock.now() / 1_000)
  })

  test('Context: what belongs to the answer is no claim of the token', async () => {
    const desk = await asking({ token_type: 'DPoP', username: 'alice@example.test' })
    const { claims } = (await contextOf(desk)).token
    expect(claims).toMatchObject({ username: 'alice@example.test', iss: issuerUrl })
    expect(Object.keys(claims)).not.toEqual(expect.arrayContaining(['active']))
    expect('token_type' in claims).toBe(false)
    expect(Object.isFrozen(claims)).toBe(true)
  })
})

test('RFC 9701 §8.1: an introspection JWT presented as an access token is refused', async () => {
  const desk = await createDesk({ introspection: { for: 'all' } })
  const jwt = await desk.signed({ active: true, ...desk.forge.claims() }, desk.forge.claims()).text()
  expect(await codeOf(desk, jwt)).toBe('token_type')
  expect(desk.questions).toEqual([])
})

test('RFC 7662 §4: an unknown token costs one question, and a remembered one is answered at once', async () => {
  const desk = await createDesk()
  await codeOf(desk)
  const verdict = desk.verifier.checkNow(await desk.forge.request({ token: opaque, url }))
  expect(verdict instanceof Promise ? 'had to wait' : outcomeOf(verdict)).toBe('admitted')
  expect(desk.questions).toHaveLength(1)
})
