import { describe, expect, test } from 'vitest'
import { Denial } from '../../../src/refusal/denial.ts'
import { checkKeyPolicy, createProofKeyCache, type ProofKey, readProofHeader } from '../../../src/sender/proof-keys.ts'
import { normalizeUrl } from '../../../src/sender/proof-url.ts'

/** The header of a proof and the keys in it, without a request. */

const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'B'.repeat(43) }
const header = { typ: 'dpop+jwt', alg: 'ES256', jwk }

function read(members: unknown): unknown {
  const text = Buffer.from(typeof members === 'string' ? members : JSON.stringify(members)).toString('base64url')
  const outcome = readProofHeader(`${text}.e30.AA`, text.length)
  return outcome instanceof Denial ? [outcome.code, outcome.facts] : outcome
}

describe('what is told of a header', () => {
  test.each<[string, object]>([
    ['typ', { ...header, typ: 'DPOP+JWT' }],
    ['typ', { ...header, typ: undefined }],
    ['alg', { ...header, alg: undefined }],
    ['alg', { ...header, alg: 1 }],
    ['jwk', { ...header, jwk: undefined }],
    ['jwk', { ...header, jwk: 'key' }],
    ['jwk', { ...header, jwk: [] }],
    ['crit', { ...header, crit: ['b64'] }],
    ['b64', { ...header, b64: false }],
  ])('RFC 9449 §4.2: the member %s is named', (claim, members) => {
    expect(read(members)).toEqual(['proof_malformed', { claim }])
  })

  test('RFC 9449 §4.2: a header that is no JSON object has a cause', () => {
    for (const text of ['[]', 'none', '{"typ":']) {
      expect(read(text)).toEqual(['proof_malformed', { cause: expect.any(String) }])
    }
  })

  test('RFC 9449 §4.3(5): an algorithm that is not accepted is told, cut to 32 characters, with the option', () => {
    const outcome = checkKeyPolicy({ algorithm: 'x'.repeat(40), jwk }, ['ES256'])
    expect(outcome).toMatchObject({ code: 'proof_key', facts: { algorithm: 'x'.repeat(32), hint: 'dpop.algorithms' } })
  })
})

describe('what is told of a key', () => {
  test('RFC 9449 §4.3(5): the algorithm that a key does not fit is told', () => {
    const outcome = checkKeyPolicy({ algorithm: 'ES256', jwk: { ...jwk, crv: 'P-384' } }, ['ES256'])
    expect(outcome).toMatchObject({ code: 'proof_key', facts: { algorithm: 'ES256' } })
  })

  test('DPOP-40: that a key is printed in an RFC is told as the cause', () => {
    const printed = {
      kty: 'EC',
      crv: 'P-256',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
    }
    const outcome = checkKeyPolicy({ algorithm: 'ES256', jwk: printed }, ['ES256'])
    expect(outcome).toMatchObject({ code: 'proof_key', facts: { cause: expect.any(String) } })
  })
})

describe('the cache of keys', () => {
  const keyOf = (jkt: string, algorithm = 'ES256') => ({ jkt, key: { algorithm } }) as ProofKey

  test('RFC 8725 §3.1: a key is found again under another header, for its own algorithm alone', () => {
    const cache = createProofKeyCache(10)
    const key = keyOf('a')
    expect(cache.findSame('a', 'ES256')).toBeUndefined()
    cache.add('first', key)
    expect(cache.findSame('a', 'ES256')).toBe(key)
    expect(cache.findSame('a', 'ES384')).toBeUndefined()
    expect(cache.findSame('b', 'ES256')).toBeUndefined()
  })

  test('P21: a key takes one place, however many headers name it', () => {
    const cache = createProofKeyCache(10)
    for (let at = 0; at < 5; at++) cache.add(`header ${at}`, keyOf('a'))
    cache.add('other', keyOf('b'))
    expect(cache.size).toBe(2)
    expect(cache.find('header 0')).toBeUndefined()
    expect(cache.find('header 4')?.jkt).toBe('a')
  })
})

test('RFC 3986 §3.2.3: a port beyond 65535 is none', () => {
  expect(normalizeUrl('https://api.example.test:65535/')).toBe('https://api.example.test:65535/')
  expect(normalizeUrl('https://api.example.test:65536/')).toBeUndefined()
  expect(normalizeUrl('http://api.example.test:99999/')).toBeUndefined()
})
