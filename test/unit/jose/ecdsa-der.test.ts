import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { derOf } from '../../../src/jose/ecdsa-der.ts'
import { importKey, verifySignatureLater } from '../../../src/jose/signature.ts'
import type { JsonObject } from '../../../src/jose/strict-json.ts'

/** R‖S with both halves given in hexadecimal digits, filled up with zeros in front. */
function joined(r: string, s: string, octets = 32): Buffer {
  return Buffer.from(r.padStart(octets * 2, '0') + s.padStart(octets * 2, '0'), 'hex')
}

const hex = (signature: Uint8Array) => Buffer.from(derOf(signature)).toString('hex')
const ones = (octets: number) => 'ff'.repeat(octets)
const sevens = (octets: number) => '7f'.repeat(octets)

describe('RFC 3279 §2.2.3', () => {
  test.each([
    ['one octet each', joined('01', '02'), '3006020101020102'],
    ['zeros in front go', joined('0a0b', '0c'), '300702020a0b02010c'],
    ['a first bit of one gets a zero octet in front', joined('80', 'ff00'), '3009020200800203' + '00ff00'],
    ['a first bit of zero gets none', joined('7f', '7fff'), '300702017f02027fff'],
    ['zeros inside and at the end stay', joined('0100', '010000'), '3009020201000203010000'],
    ['zero is one octet', joined('00', '00'), '3006020100020100'],
    ['full length', joined(sevens(32), sevens(32)), `30440220${sevens(32)}0220${sevens(32)}`],
    ['full length and the first bit', joined(ones(32), sevens(32)), `3045022100${ones(32)}0220${sevens(32)}`],
    ['the longest of P-256', joined(ones(32), ones(32)), `3046022100${ones(32)}022100${ones(32)}`],
    ['the longest of P-384', joined(ones(48), ones(48), 48), `3066023100${ones(48)}023100${ones(48)}`],
    ['the longest of P-521', joined(ones(66), ones(66), 66), `30818a024300${ones(66)}024300${ones(66)}`],
    ['a length of 127', joined(sevens(62), sevens(61), 66), `307f023e${sevens(62)}023d${sevens(61)}`],
    ['a length of 128', joined(sevens(62), sevens(62), 66), `308180023e${sevens(62)}023e${sevens(62)}`],
    ['a short R and a long S of P-384', joined('01', ones(48), 48), `3036020101023100${ones(48)}`],
  ])('RFC 3279 §2.2.3: %s', (_, signature, der) => {
    expect(hex(signature)).toBe(der)
  })

  test('RFC 3279 §2.2.3: nothing of a longer signature is left in a shorter one', () => {
    derOf(joined(ones(48), ones(48), 48))
    expect(hex(joined('01', '02'))).toBe('3006020101020102')
  })
})

describe.each([
  ['ES256', 'P-256', 'sha256'],
  ['ES384', 'P-384', 'sha384'],
  ['ES512', 'P-521', 'sha512'],
] as const)('%s', (algorithm, namedCurve, digest) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  const signed = (text: string) => sign(digest, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })

  test(`RFC 7518 §3.4: OpenSSL takes R and S of ${algorithm} in this form, and for no other text`, () => {
    // A few hundred make it certain that both lengths of each integer occur.
    for (let at = 0; at < 300; at++) {
      const der = Uint8Array.from(derOf(signed(`text ${at}`)))
      expect(verify(digest, Buffer.from(`text ${at}`), publicKey, der)).toBe(true)
      expect(verify(digest, Buffer.from('another'), publicKey, der)).toBe(false)
    }
  })

  test(`RFC 7518 §3.4: signatures of ${algorithm} that are verified at once on threads do not share an encoding`, async () => {
    const key = importKey(publicKey.export({ format: 'jwk' }) as JsonObject, algorithm)
    if (key === undefined) throw new Error('the key was not imported')
    const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`)
    const answers = await Promise.all(texts.map((text) => verifySignatureLater(key, text, signed(text))))
    expect(answers).toEqual(texts.map(() => true))
  })
})
