import { expect, test } from 'vitest'
import { readOptions } from '../../../src/options/policy.ts'
import { Denial, strict } from '../../../src/refusal/denial.ts'
import { readClaims } from '../../../src/token/claims.ts'
import { memorySink } from '../../support/audit.ts'
import { createForge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'

/** What a refusal of a token tells the operator. */

const forge = await createForge()
const home = forge.trust.issuer
const now = forge.clock.now() / 1_000

const refusalOf = (claims: Members, verifier = forge.verifier) =>
  forge.refusal({ verifier, token: forge.token(claims) })

const detail = { type: 'payment' }

test.each<readonly [claim: string, values: readonly unknown[]]>([
  ['aud', [[], '', 7, [7]]],
  ['exp', [now, String(now), null]],
  ['amr', [null, 'pwd', [7], ['pwd', 7]]],
  ['acr', [null, '', 7]],
  ['azp', [null, '', 7]],
  ['nbf', [null, '1']],
  ['auth_time', [null, '1']],
  ['authorization_details', [{}, 'x', null, [{}], [[]], ['x'], [{ type: 7 }], [detail, { type: 7 }], [detail, null]]],
])('RFC 9068 §2.2: %s that is malformed is named, with the issuer of the token', async (claim, values) => {
  for (const value of values) {
    const { code, facts } = await refusalOf({ [claim]: value })
    expect({ code, facts: { ...facts } }, JSON.stringify(value)).toEqual({
      code: 'token_claim',
      facts: { claim, issuer: home },
    })
  }
})

test('RFC 9396 §2: a list of details that each have a type is taken, an empty one as well', async () => {
  for (const details of [[], [detail], [detail, { type: 'transfer', limit: 1 }]]) {
    const context = await forge.context({ token: forge.token({ authorization_details: details }) })
    expect(context.authorizationDetails).toEqual(details)
  }
})

test('AT-14: a token that grants nothing beside its audience grants nothing, and neither do lists of another form', async () => {
  const nothing = { scopes: [], roles: [], permissions: [], authorizationDetails: [] }
  const plain = await forge.context({ token: forge.token() })
  expect(plain).toMatchObject({ ...nothing, authentication: { amr: [] } })
  for (const list of ['admin', ['admin', 7], {}, null]) {
    const context = await forge.context({ token: forge.token({ roles: list, permissions: list }) })
    expect(context, JSON.stringify(list)).toMatchObject(nothing)
  }
})

test('RFC 9068 §2.2: iss is a text that is not empty, wherever the claims come from', () => {
  const issuer = readOptions(forge.options).issuers.get(home)
  if (issuer === undefined) throw new Error('The issuer is configured.')
  expect(readClaims(forge.claims(), issuer, strict)).not.toBeInstanceOf(Denial)
  for (const iss of [undefined, null, '', 7, [home]]) {
    expect(readClaims(forge.claims({ iss }), issuer, strict)).toMatchObject({
      code: 'token_claim',
      facts: { claim: 'iss', issuer: home },
    })
  }
})

test('AT-04: the audiences that are expected and those of the token are told, and the option that names them', async () => {
  const own = forge.verifierTrusting({ audience: ['urn:a', 'urn:b'] })
  expect((await refusalOf({ aud: ['urn:x', 'urn:y'] }, own)).facts).toEqual({
    expectedAudience: 'urn:a urn:b',
    receivedAudience: 'urn:x urn:y',
    hint: 'issuer.audience',
  })
  expect((await refusalOf({ aud: 'urn:x' }, forge.verifierWith({ audience: 'urn:a' }))).facts).toEqual({
    expectedAudience: 'urn:a',
    receivedAudience: 'urn:x',
    hint: 'audience',
  })
  expect((await refusalOf({ aud: undefined }, own)).facts).toEqual({
    expectedAudience: 'urn:a urn:b',
    receivedAudience: '',
    hint: 'issuer.dangerously.allowMissingAudience',
  })
})

test('AT-04: of the audiences of the token at most 512 characters are told', async () => {
  const { facts } = await refusalOf({ aud: [`urn:${'x'.repeat(508)}`, 'urn:y'] })
  expect(facts.receivedAudience).toBe(`urn:${'x'.repeat(508)}`)
})

test('AT-06: how long ago a token expired is told in seconds, the tolerance not counted', async () => {
  const { code, facts } = await refusalOf({ iat: now - 200, exp: now - 100 })
  expect([code, facts]).toEqual(['token_expired', { expiredBy: 100 }])
})

test('AT-08: which time lies ahead is told, of iat also how far', async () => {
  const hint = 'token.clockToleranceSeconds'
  expect((await refusalOf({ nbf: now + 6 })).facts).toEqual({ claim: 'nbf', hint })
  expect((await refusalOf({ iat: now + 6 })).facts).toEqual({ claim: 'iat', iatOffset: 6, hint })
})

test('Audit: the principal is known where the chain of actors is refused', async () => {
  const sink = memorySink()
  const verifier = forge.verifierWith({ audit: sink })
  await refusalOf({ act: 'x' }, verifier)
  await refusalOf({ act: 'x', sub_profile: ['user'] }, verifier)
  expect(sink.events.map(({ code }) => code)).toEqual(['delegation_malformed', 'delegation_malformed'])
  expect(sink.events.map(({ principal }) => principal)).toMatchObject([
    { subject: 'alice', kind: 'human', kindSource: 'profile', issuer: home, profiles: ['user'] },
    { subject: 'alice', kind: 'unknown', kindSource: 'none', issuer: home, profiles: [] },
  ])
})
