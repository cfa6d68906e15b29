import type { IssuerOptions, Verifier } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { createForge, type Forge } from '../../support/forge.ts'
import type { Members } from '../../support/jws.ts'
import { outcomeOf } from '../../support/kit.ts'

let forge: Forge
let partner: IssuerOptions
beforeAll(async () => {
  forge = await createForge()
  partner = { ...forge.trust, issuer: 'https://partner.example.test' }
})

const long = 'x'.repeat(257)
const withTwoIssuers = () => forge.verifierWith({ issuer: [forge.trust, partner] })
const narrow = () => forge.verifierTrusting({ algorithms: ['ES256'] })

async function factsOf(header: Members, verifier: Verifier, claims: Members = {}) {
  const { code, facts } = await forge.refusal({ token: forge.token(claims, header), verifier })
  return { code, ...facts }
}

describe('facts about what the header says', () => {
  test('RFC 8725 §3.11: a type that a dialect could admit comes with the option for that, one of another class without', async () => {
    const cases: readonly (readonly [unknown, object])[] = [
      ['JWT', { typ: 'JWT', hint: 'issuer.dialect' }],
      ['x+jwt', { typ: 'x+jwt', hint: 'issuer.dialect' }],
      [undefined, { hint: 'issuer.dialect' }],
      [long, { typ: long.slice(1), hint: 'issuer.dialect' }],
      ['dpop+jwt', { typ: 'dpop+jwt' }],
      [7, { typ: 'number' }],
      [null, { typ: 'object' }],
    ]
    const verifier = forge.verifierWith()
    for (const [typ, facts] of cases) {
      expect(await factsOf({ typ }, verifier)).toStrictEqual({ code: 'token_type', ...facts })
    }
  })

  test('RFC 8725 §3.11: of two issuers neither is named while the token has not named its own', async () => {
    const verifier = withTwoIssuers()
    expect(await factsOf({ typ: 'JWT' }, verifier)).toStrictEqual({ code: 'token_type', typ: 'JWT' })
    expect(await factsOf({ typ: undefined }, verifier)).toStrictEqual({ code: 'token_type' })
    expect(await factsOf({ alg: 'ES384' }, withTwoIssuers())).toStrictEqual({
      code: 'token_key_unknown',
      keyId: 'k1',
    })
  })

  test('RFC 8725 §3.1: an algorithm that could be accepted comes with the option for that, an unknown one without', async () => {
    const cases: readonly (readonly [unknown, object])[] = [
      ['ES384', { algorithm: 'ES384', hint: 'issuer.algorithms' }],
      ['HS256', { algorithm: 'HS256' }],
      ['none', { algorithm: 'none' }],
      [undefined, {}],
      [7, { algorithm: 'number' }],
      [long, { algorithm: long.slice(1) }],
    ]
    const verifier = narrow()
    for (const [alg, facts] of cases) {
      expect(await factsOf({ alg }, verifier)).toStrictEqual({ code: 'token_algorithm', ...facts })
    }
    const both = forge.verifierWith({
      issuer: [forge.trust, partner].map((trust): IssuerOptions => ({ ...trust, algorithms: ['ES256'] })),
    })
    expect(await factsOf({ alg: 'ES384' }, both)).toStrictEqual({ code: 'token_algorithm', algorithm: 'ES384' })
  })

  test('RFC 8725 §3.8: an unknown issuer is named as far as it is a text', async () => {
    const verifier = forge.verifierWith()
    const cases: readonly (readonly [unknown, object])[] = [
      ['https://evil.test', { issuer: 'https://evil.test' }],
      [`https://${long}`, { issuer: `https://${long}`.slice(0, 256) }],
      [undefined, {}],
      [7, { issuer: 'number' }],
    ]
    for (const [iss, facts] of cases) {
      expect(await factsOf({}, verifier, { iss })).toStrictEqual({ code: 'token_issuer', ...facts, hint: 'issuer' })
    }
  })
})

test('Options: reportOnly overlooks a missing typ and JWT, and no type that says something about the class', async () => {
  const verifier = forge.verifierWith({ reportOnly: ['token_type'] })
  const outcome = async (typ: unknown) => outcomeOf(await forge.call({ token: forge.token({}, { typ }), verifier }))
  for (const typ of ['JWT', 'jwt', 'application/jwt', undefined]) expect(await outcome(typ), typ).toBe('admitted')
  for (const typ of ['x+jwt', 'dpop+jwt', '', 7, null]) expect(await outcome(typ), String(typ)).toBe('token_type')
})
