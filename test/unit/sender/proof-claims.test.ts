import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

describe('required claims and their types', () => {
  test.each(['jti', 'htm', 'htu', 'iat', 'ath'])('DPOP-03: a proof without %s is malformed', async (name) => {
    expect(await kit.code({ proof: { claims: { [name]: undefined } } })).toBe('proof_malformed')
  })

  const wrong: readonly (readonly [string, unknown])[] = [
    ['jti', ''],
    ['jti', 1],
    ['jti', []],
    ['jti', null],
    ['htm', 1],
    ['htm', ['GET']],
    ['htm', null],
    ['htu', 1],
    ['htu', {}],
    ['htu', null],
    ['iat', '1767225600'],
    ['iat', null],
    ['iat', true],
    ['iat', [1767225600]],
    ['ath', 1],
    ['ath', null],
    ['nonce', 1],
    ['nonce', null],
    ['exp', '1767225600'],
    ['exp', null],
    ['nbf', '1767225600'],
    ['nbf', null],
    ['iat', 2 ** 53],
    ['exp', 1e21],
    ['nbf', -1e21],
  ]
  test.each(wrong)('DPOP-03: %s of %j is malformed', async (name, value) => {
    const refusal = await kit.refusal({ proof: { claims: { [name]: value } } })
    expect(refusal).toMatchObject({ code: 'proof_malformed', facts: { claim: name } })
  })

  test('DPOP-03: iat may have a fraction', async () => {
    const iat = kit.issuer.clock.now() / 1_000 - 0.5
    expect(await kit.code({ proof: { claims: { iat } } })).toBe('admitted')
  })
})

describe('header', () => {
  test.each(['JWT', 'at+jwt', 'DPoP+JWT', 'dpop+JWT', 'application/dpop+jwt', 'dpop+jwt ', '', 1, null, undefined])(
    'DPOP-04: typ %j is not exactly dpop+jwt',
    async (typ) => {
      expect(await kit.code({ proof: { header: { typ } } })).toBe('proof_malformed')
    },
  )

  const critical: readonly (readonly [object])[] = [
    [{ crit: ['b64'], b64: true }],
    [{ crit: ['b64'], b64: false }],
    [{ crit: [] }],
    [{ crit: ['exp'], exp: 1 }],
    [{ crit: ['x'] }],
    [{ crit: 'x', x: 1 }],
    [{ crit: null }],
    [{ b64: false }],
    [{ b64: true }],
  ]
  test.each(critical)('DPOP-38: extensions %j are refused', async (header) => {
    expect(await kit.code({ proof: { header: { ...header } } })).toBe('proof_malformed')
  })

  test('DPOP-33: unknown header members and claims are ignored', async () => {
    const proof = { header: { kid: 'k', 'x-new': [1] }, claims: { 'x-new': { deep: true }, iss: 'anybody', sub: '' } }
    expect(await kit.code({ proof })).toBe('admitted')
  })
})

describe('jti', () => {
  test('DPOP-22: up to 256 characters', async () => {
    expect(await kit.code({ proof: { claims: { jti: 'j'.repeat(256) } } })).toBe('admitted')
    expect(await kit.code({ proof: { claims: { jti: 'j'.repeat(257) } } })).toBe('proof_malformed')
  })

  test('DPOP-22: a jti of 100 KB costs no decoding', async () => {
    const before = kit.verifier.health().replay?.size
    expect(await kit.code({ proof: { claims: { jti: 'j'.repeat(100_000) } } })).toBe('proof_malformed')
    expect(kit.verifier.health().replay?.size).toBe(before)
  })

  test('DPOP-22: one character is enough', async () => {
    expect(await kit.code({ proof: { claims: { jti: 'j' } } })).toBe('admitted')
  })
})
