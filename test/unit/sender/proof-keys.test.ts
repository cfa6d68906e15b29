import type { Algorithm } from 'onbehalf'
import { allowPublishedKeys, type TestAgent } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { thumbprint } from '../../../src/jose/jwk.ts'
import { encode } from '../../support/bytes.ts'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})

/** A token bound to this agent's key, and its proof. */
const by = (prover: TestAgent) => ({ prover, token: { claims: { cnf: { jkt: prover.jkt } } } })

describe('algorithm', () => {
  const refused = ['none', 'noNE', 'HS256', 'HS384', 'HS512', 'RSA-OAEP', 'ES256K', 'es256', 'ES512', 'PS384', '']
  test.each(refused)('DPOP-05: alg %j is not accepted', async (alg) => {
    expect(await kit.code({ proof: { header: { alg } } })).toBe('proof_key')
  })

  test.each(['toString', '__proto__', 'constructor'])('DPOP-05: alg %j is no member of anything', async (alg) => {
    expect(await kit.code({ proof: { header: { alg } } })).toBe('proof_key')
  })

  test.each([undefined, null, 1, ['ES256']])('DPOP-05: alg of %j is malformed', async (alg) => {
    expect(await kit.code({ proof: { header: { alg } } })).toBe('proof_malformed')
  })

  test('DPOP-05: RS256 is refused unless opted in', async () => {
    const rsa = await kit.issuer.agent('travel-7', { algorithm: 'RS256' })
    expect(await kit.code(by(rsa))).toBe('proof_key')
    const verifier = kit.verifierWith({ dpop: { algorithms: ['ES256', 'RS256'] } })
    expect(await kit.code({ ...by(rsa), verifier })).toBe('admitted')
  })

  test('DPOP-05: an algorithm left out of the list is refused', async () => {
    const verifier = kit.verifierWith({ dpop: { algorithms: ['ES384'] } })
    expect(await kit.code({ verifier })).toBe('proof_key')
  })

  test.each<Algorithm>(['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256'])('DPOP-05: %s is taken', async (algorithm) => {
    expect(await kit.code(by(await kit.issuer.agent('travel-7', { algorithm })))).toBe('admitted')
  })

  test('DPOP-37: both names of Ed25519 are taken, Ed448 under neither', async () => {
    const edwards = await kit.issuer.agent('travel-7', { algorithm: 'Ed25519' })
    for (const alg of ['EdDSA', 'Ed25519']) {
      expect(await kit.code({ ...by(edwards), proof: { header: { alg } } })).toBe('admitted')
      const jwk = { kty: 'OKP', crv: 'Ed448', x: encode('x'.repeat(57)) }
      expect(await kit.code({ ...by(edwards), proof: { header: { alg, jwk } } })).toBe('proof_key')
    }
  })

  test('DPOP-37: only the name that is configured', async () => {
    const edwards = await kit.issuer.agent('travel-7', { algorithm: 'Ed25519' })
    const verifier = kit.verifierWith({ dpop: { algorithms: ['Ed25519'] } })
    expect(await kit.code({ ...by(edwards), verifier })).toBe('admitted')
    expect(await kit.code({ ...by(edwards), verifier, proof: { header: { alg: 'EdDSA' } } })).toBe('proof_key')
  })
})

describe('jwk', () => {
  test.each([
    ['ES256', 'd'],
    ['Ed25519', 'd'],
    ['PS256', 'd'],
    ['PS256', 'p'],
    ['PS256', 'q'],
    ['PS256', 'dp'],
    ['PS256', 'dq'],
    ['PS256', 'qi'],
    ['PS256', 'oth'],
    ['ES256', 'k'],
  ] as const)('DPOP-07: %s key with private member %s is refused', async (algorithm, member) => {
    const agent = await kit.issuer.agent('travel-7', { algorithm })
    const jwk = { ...agent.publicJwk, [member]: member === 'oth' ? [] : 'AQAB' }
    expect(await kit.code({ ...by(agent), proof: { header: { jwk } } })).toBe('proof_key')
  })

  test('DPOP-07: an empty private member is one', async () => {
    const jwk = { ...kit.agent.publicJwk, d: null }
    expect(await kit.code({ proof: { header: { jwk } } })).toBe('proof_key')
  })

  test('DPOP-07: a symmetric key is refused', async () => {
    const jwk = { kty: 'oct', k: 'AQAB' }
    expect(await kit.code({ proof: { header: { jwk } } })).toBe('proof_key')
    expect(await kit.code({ proof: { header: { jwk, alg: 'HS256' } } })).toBe('proof_key')
  })

  test.each([undefined, null, 'key', 1, []])('DPOP-08: a jwk of %j is malformed', async (jwk) => {
    expect(await kit.code({ proof: { header: { jwk } } })).toBe('proof_malformed')
  })

  type Jwk = Record<string, unknown>
  const bends: readonly (readonly [string, (jwk: Jwk) => Jwk])[] = [
    ['empty', () => ({})],
    ['without kty', ({ kty, ...rest }) => rest],
    ['of kty in other case', (jwk) => ({ ...jwk, kty: 'ec' })],
    ['without crv', ({ crv, ...rest }) => rest],
    ['without x', ({ x, ...rest }) => rest],
    ['without y', ({ y, ...rest }) => rest],
    ['of another curve', (jwk) => ({ ...jwk, crv: 'P-384' })],
    ['of a curve not taken', (jwk) => ({ ...jwk, crv: 'secp256k1' })],
    ['with a short x', (jwk) => ({ ...jwk, x: encode('x'.repeat(31)) })],
    ['with a long x', (jwk) => ({ ...jwk, x: encode('x'.repeat(33)) })],
    ['with a padded x', (jwk) => ({ ...jwk, x: `${String(jwk['x'])}=` })],
    ['with a y that is a number', (jwk) => ({ ...jwk, y: 1 })],
  ]
  test.each(bends)('DPOP-08: an EC key %s is refused', async (_, bend) => {
    const jwk = bend({ ...kit.agent.publicJwk })
    expect(await kit.code({ proof: { header: { jwk } } })).toBe('proof_key')
  })

  test('DPOP-08: a point off the curve is refused, though the token names it', async () => {
    const jwk = { ...kit.agent.publicJwk, kty: 'EC', y: encode('y'.repeat(32)) }
    const token = { claims: { cnf: { jkt: thumbprint(jwk) } } }
    expect(await kit.code({ token, proof: { header: { jwk } } })).toBe('proof_key')
  })

  test('DPOP-08: the key fits the algorithm', async () => {
    const p384 = await kit.issuer.agent('travel-7', { algorithm: 'ES384' })
    expect(await kit.code({ ...by(p384), proof: { header: { alg: 'ES256' } } })).toBe('proof_key')
    expect(await kit.code({ proof: { header: { alg: 'PS256' } } })).toBe('proof_key')
    expect(await kit.code({ proof: { header: { alg: 'EdDSA' } } })).toBe('proof_key')
  })

  const modulus = (bits: number) => {
    const octets = Buffer.alloc(Math.ceil(bits / 8), 0xff)
    octets[0] = 0xff >> (octets.length * 8 - bits)
    return octets.toString('base64url')
  }
  test.each([
    ['1024 bits', { n: modulus(1_024), e: 'AQAB' }, 'proof_key'],
    ['2047 bits', { n: modulus(2_047), e: 'AQAB' }, 'proof_key'],
    ['2048 bits', { n: modulus(2_048), e: 'AQAB' }, 'binding_mismatch'],
    ['4096 bits', { n: modulus(4_096), e: 'AQAB' }, 'binding_mismatch'],
    ['4097 bits', { n: modulus(4_097), e: 'AQAB' }, 'proof_key'],
    ['a leading zero octet', { n: `AAAA${modulus(2_048)}`, e: 'AQAB' }, 'proof_key'],
    ['exponent 3', { n: modulus(2_048), e: 'Aw' }, 'proof_key'],
    ['exponent 65537 spelt with a zero', { n: modulus(2_048), e: 'AAEAAQ' }, 'proof_key'],
    ['no exponent', { n: modulus(2_048) }, 'proof_key'],
    ['no modulus', { e: 'AQAB' }, 'proof_key'],
  ])('DPOP-08: an RSA key with %s: %j', async (_, members, code) => {
    const header = { alg: 'PS256', jwk: { kty: 'RSA', ...members } }
    expect(await kit.code({ proof: { header } })).toBe(code)
  })

  test('Published keys: a key whose private half is printed in an RFC is refused', async () => {
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
    }
    const token = { claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } } }
    expect(await kit.code({ token, proof: { header: { jwk } } })).toBe('proof_key')
    const forbid = allowPublishedKeys()
    try {
      expect(await kit.code({ token, proof: { header: { jwk } } })).toBe('proof_signature')
    } finally {
      forbid()
    }
  })
})
