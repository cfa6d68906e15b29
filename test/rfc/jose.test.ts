import { describe, expect, test } from 'vitest'
import { decodeObject, hasExtensions, signingInput, splitCompact } from '../../src/jose/compact-jws.ts'
import { fitsAlgorithm, thumbprint } from '../../src/jose/jwk.ts'
import { importKey, verifySignature } from '../../src/jose/signature.ts'
import type { Algorithm } from '../../src/types/options.ts'
import { respell } from '../support/bytes.ts'
import { readCompact } from '../support/jws.ts'
import { createKit } from '../support/kit.ts'
import { F03_1, F03_2, F03_3, F03_4, F03_5, F03_6, F03_7, F03_8, F03_9 } from '../support/printed.ts'

function verifies(jwk: Readonly<Record<string, unknown>>, algorithm: Algorithm, text: string): boolean {
  const parts = splitCompact(text)
  const key = importKey(jwk, algorithm)
  if (parts === undefined || key === undefined) return false
  return verifySignature(key, signingInput(parts), parts.signature)
}

describe('keys', () => {
  test('RFC 7638 §3.1 (F03-1, F03-2): thumbprint of the RSA key, without its other members', () => {
    expect(fitsAlgorithm(F03_1, 'RS256')).toBe(true)
    expect(thumbprint(F03_1)).toBe(F03_2)
  })

  test('RFC 8037 A.3 (F03-3): thumbprint of the Ed25519 key', () => {
    expect(fitsAlgorithm(F03_3, 'Ed25519')).toBe(true)
    expect(thumbprint(F03_3)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })
})

describe('signatures', () => {
  test('RFC 8037 A.4 (F03-4): the Ed25519 signature holds under both names of the algorithm', () => {
    expect(verifies(F03_3, 'EdDSA', F03_4)).toBe(true)
    expect(verifies(F03_3, 'Ed25519', F03_4)).toBe(true)
    expect(readCompact(F03_4)).toBe(undefined)
  })

  test('RFC 7515 A.3 (F03-5, F03-6): the ES256 signature holds, in one spelling', () => {
    expect(verifies(F03_5, 'ES256', F03_6)).toBe(true)
    expect(verifies(F03_5, 'ES256', respell(F03_6))).toBe(false)
    expect(readCompact(F03_6)?.payload).toEqual({ iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true })
  })

  test('RFC 7515 A.5 (F03-7): alg none is no signature', async () => {
    const kit = await createKit()
    expect(readCompact(F03_7)?.header).toEqual({ alg: 'none' })
    expect(await kit.code({ token: F03_7 })).toBe('token_type')
    const [, claims] = (await kit.token()).split('.')
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    expect(await kit.code({ token: `${header}.${claims}.` })).toBe('token_algorithm')
  })

  test('RFC 7515 Appendix E (F03-8): an unknown critical extension is malformed', async () => {
    const kit = await createKit()
    expect(await kit.code({ token: F03_8 })).toBe('token_malformed')
    const header = decodeObject(F03_8, 0, F03_8.indexOf('.'))
    expect(header !== undefined && hasExtensions(header)).toBe(true)
  })

  test('RFC 7797 §4.2 (F03-9): an unencoded payload is malformed, in a token and in a proof', async () => {
    const kit = await createKit()
    const token = await kit.token()
    const [, claims, mac] = token.split('.')
    expect(await kit.code({ token: `${F03_9}.${claims}.${mac}` })).toBe('token_malformed')
    const headers = { dpop: `${F03_9}.${claims}.${mac}` }
    expect(await kit.code({ token, headers })).toBe('proof_malformed')
  })
})
