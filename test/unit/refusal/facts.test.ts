import { createVerifier, type Refusal } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Call, createKit, type Kit, resource } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('what is wrong with a token', () => {
  const header = { alg: 'ES256', typ: 'at+jwt' }

  test.each<[string, string, RegExp]>([
    ['an opaque token', '2YotnFZFEjr1zCsicMWpAA', /^opaque/],
    ['an encrypted token', `${part({ alg: 'dir', enc: 'A256GCM' })}..iv.text.tag`, /^encrypted/],
    ['four parts', 'a.b.c.d', /three parts/],
    ['a header that is no JSON', `bm9uZQ.${part({})}.AA`, /^the header/],
    ['a payload that is no JSON', `${part(header)}.bm9uZQ.AA`, /^payload or signature/],
    ['a long header that is no JSON', `${'bm9u'.repeat(200)}.${part({})}.AA`, /readable/],
  ])('RFC 7519 §7.2: %s has its cause', async (_, token, cause) => {
    const { code, facts } = await kit.refusal({ token })
    expect([code, facts]).toEqual(['token_malformed', { cause: expect.stringMatching(cause) }])
  })

  test.each([
    ['crit', { ...header, crit: ['x'] }],
    ['b64', { ...header, b64: false }],
    ['kid', { ...header, kid: 1 }],
  ])('RFC 7515 §4.1.11, §4.1.4: the header member %s is named', async (claim, members) => {
    const { code, facts } = await kit.refusal({ token: `${part(members)}.${part({})}.AA` })
    expect([code, facts]).toEqual(['token_malformed', { claim }])
  })

  test('RFC 7519 §4.1.4: an expired token says by how many seconds, counted from exp', async () => {
    const now = kit.clock.now() / 1_000
    const { code, facts } = await kit.refusal({ token: { claims: { iat: now - 400, exp: now - 100 } } })
    expect([code, facts]).toEqual(['token_expired', { expiredBy: 100 }])
  })

  test.each<[string, Call]>([
    ['typ', { token: { header: { typ: undefined } } }],
    ['alg', { token: { header: { alg: undefined } } }],
    ['iss', { token: { claims: { iss: undefined } } }],
    ['kid', { token: { header: { kid: undefined, alg: 'PS256' } } }],
    ['aud', { token: { claims: { aud: undefined } } }],
    ['cnf', { token: { claims: { cnf: undefined } } }],
  ])('RFC 7519 §7.2: an absent %s is absent in the facts, and no text "undefined"', async (_, call) => {
    expect(JSON.stringify((await kit.refusal(call)).facts)).not.toContain('undefined')
  })
})

describe('what is wrong with a proof', () => {
  test.each([
    ['jti', ''],
    ['htm', 1],
    ['htu', undefined],
    ['iat', '1'],
    ['ath', undefined],
    ['nonce', 1],
    ['exp', '1'],
    ['nbf', null],
  ])('RFC 9449 §4.2: the claim %s is named', async (claim, value) => {
    expectClaim(await kit.refusal({ proof: { claims: { [claim]: value } } }), claim)
  })

  test.each<[string, unknown]>([
    ['typ', 'JWT'],
    ['alg', 1],
    ['jwk', 'none'],
    ['crit', []],
    ['b64', true],
  ])('RFC 9449 §4.2: the header member %s is named', async (claim, value) => {
    expectClaim(await kit.refusal({ proof: { header: { [claim]: value } } }), claim)
  })

  test.each([
    ['two fields', ['x', 'x'], { cause: 'several DPoP fields' }],
    ['no JWS', 'x', { cause: 'the field is not one compact JWS' }],
    ['a long field', 'x'.repeat(4_097), { hint: 'dpop.maxBytes' }],
    ['a header that is no JSON', 'bm9uZQ.e30.AA', { cause: 'the header is not base64url of one JSON object' }],
  ])('RFC 9449 §4.3: %s has its cause', async (_, dpop, facts) => {
    const refusal = await kit.refusal({ headers: { dpop } })
    expect([refusal.code, refusal.facts]).toEqual(['proof_malformed', facts])
  })

  function expectClaim({ code, facts }: Refusal, claim: string): void {
    expect([code, facts]).toEqual(['proof_malformed', { claim }])
  }
})

test('RFC 9449 §7.2: a scheme that does not fit the binding is named with the one that does', async () => {
  const { code, facts } = await kit.refusal({ scheme: 'Bearer' })
  expect([code, facts]).toEqual(['binding_scheme', { expectedScheme: 'DPoP', receivedScheme: 'Bearer' }])
})

test('RFC 8707 §2: the hint names the list that would have to change', async () => {
  const issuers = [{ ...kit.issuer.options, audience: 'urn:theirs' }]
  const own = createVerifier({ issuer: issuers, resource, clock: kit.issuer.clock })
  const common = createVerifier({ issuer: kit.issuer.options, resource, audience: 'urn:ours', clock: kit.issuer.clock })
  expect((await kit.refusal({ verifier: own })).facts.hint).toBe('issuer[0].audience')
  expect((await kit.refusal({ verifier: common })).facts.hint).toBe('audience')
})
