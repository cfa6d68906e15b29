import { calculateJwkThumbprint, type JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { createVerifier, OptionsError } from '../../../src/index.ts'
import { fitsAlgorithm, thumbprint } from '../../../src/jose/jwk.ts'
import { sha256 } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Members, makeRawKey, type RawKey, rawJws } from '../../support/jws.ts'
import { resource, url } from '../../support/kit.ts'

const forge: Forge = await createForge()
const { verifier } = forge
const keys = new Map<string, RawKey>()

beforeAll(async () => {
  for (const algorithm of ['ES256', 'ES384', 'Ed25519', 'PS256'] as const)
    keys.set(algorithm, await makeRawKey(algorithm))
})

function jwkOf(algorithm: string): Members & JWK {
  return { ...keys.get(algorithm)?.publicJwk } as Members & JWK
}

test.each(['ES256', 'ES384', 'Ed25519', 'PS256'] as const)(
  'RFC 7638 §3: the thumbprint of a key for %s is that of jose',
  async (algorithm) => {
    const jwk = jwkOf(algorithm)
    expect(thumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk))
    const dressed = { kid: 'k', use: 'sig', alg: algorithm, key_ops: ['verify'], ...jwk }
    expect(thumbprint(dressed)).toBe(thumbprint(jwk))
  },
)

test('JOSE-10: RSA keys have 2048 to 4096 bits, counted exactly', () => {
  for (const [bits, fits] of [
    [1024, false],
    [2040, false],
    [2047, false],
    [2048, true],
    [2049, true],
    [3072, true],
    [4096, true],
    [4097, false],
    [8192, false],
  ] as const) {
    const jwk = { kty: 'RSA', e: 'AQAB', n: modulusOf(bits) }
    expect(fitsAlgorithm(jwk, 'RS256'), `${bits} RS256`).toBe(fits)
    expect(fitsAlgorithm(jwk, 'PS256'), `${bits} PS256`).toBe(fits)
  }
})

test('JOSE-10: a token signed with an RSA key of 1024 or 2047 bits finds no key', async () => {
  for (const bits of [1024, 2047]) {
    const small = await makeRawKey('RS256', bits)
    const jwks = {
      keys: [
        { ...small.publicJwk, kid: 'k1', alg: 'RS256' },
        { ...forge.key.publicJwk, kid: 'k2' },
      ],
    }
    const lenient = forge.verifierTrusting({ jwks })
    const token = rawJws(small, forge.header({ alg: 'RS256' }), forge.claims())
    expect(await forge.code({ verifier: lenient, token }), `${bits}`).toBe('token_key_unknown')
  }
})

test('JOSE-10: an issuer with nothing but a small key is an option error', async () => {
  const small = await makeRawKey('RS256', 1024)
  const jwks = { keys: [{ ...small.publicJwk, kid: 'k1', alg: 'RS256' }] }
  expect(() => createVerifier({ issuer: { issuer: 'https://as.example.test', jwks }, resource })).toThrow(OptionsError)
})

test('JOSE-10: a proof under an RSA key of 1024 bits is proof_key', async () => {
  const small = await makeRawKey('PS256', 1024)
  const { e, n } = small.publicJwk
  const jkt = sha256(`{"e":"${e}","kty":"RSA","n":"${n}"}`)
  expect(await outcomeWithProofKey(small, { ...small.publicJwk }, jkt)).toBe('proof_key')
})

/** Each member with its value made one octet longer or shorter, or written in another way. */
const noncanonical: readonly (readonly [string, 'ES256' | 'ES384' | 'Ed25519' | 'PS256', (jwk: Members) => Members])[] =
  [
    ['EC x with a leading zero octet', 'ES256', (jwk) => ({ ...jwk, x: resized(jwk['x'], 1) })],
    ['EC y with a leading zero octet', 'ES256', (jwk) => ({ ...jwk, y: resized(jwk['y'], 1) })],
    ['EC x of 31 octets', 'ES256', (jwk) => ({ ...jwk, x: resized(jwk['x'], -1) })],
    ['EC y of 31 octets', 'ES256', (jwk) => ({ ...jwk, y: resized(jwk['y'], -1) })],
    ['EC x with padding', 'ES256', (jwk) => ({ ...jwk, x: `${jwk['x']}=` })],
    ['EC x with a space', 'ES256', (jwk) => ({ ...jwk, x: `${jwk['x']} ` })],
    ['EC x that ends in unused bits', 'ES256', (jwk) => ({ ...jwk, x: withUnusedBits(jwk['x']) })],
    ['EC x that is a number', 'ES256', (jwk) => ({ ...jwk, x: 5 })],
    ['P-384 x of 47 octets', 'ES384', (jwk) => ({ ...jwk, x: resized(jwk['x'], -1) })],
    ['OKP x of 33 octets', 'Ed25519', (jwk) => ({ ...jwk, x: resized(jwk['x'], 1) })],
    ['OKP x with padding', 'Ed25519', (jwk) => ({ ...jwk, x: `${jwk['x']}=` })],
    ['OKP x that ends in unused bits', 'Ed25519', (jwk) => ({ ...jwk, x: withUnusedBits(jwk['x']) })],
    ['RSA n with a leading zero octet', 'PS256', (jwk) => ({ ...jwk, n: resized(jwk['n'], 1) })],
    ['RSA n in base64', 'PS256', (jwk) => ({ ...jwk, n: `+${String(jwk['n']).slice(1)}` })],
    ['RSA n with padding', 'PS256', (jwk) => ({ ...jwk, n: `${jwk['n']}==` })],
    ['RSA e with a leading zero octet', 'PS256', (jwk) => ({ ...jwk, e: 'AAEAAQ' })],
    ['RSA e of 3', 'PS256', (jwk) => ({ ...jwk, e: 'Aw' })],
    ['RSA e of 1', 'PS256', (jwk) => ({ ...jwk, e: 'AQ' })],
  ]

test.each(noncanonical)('JOSE-22: %s fits no algorithm', (_, algorithm, spoil) => {
  const jwk = jwkOf(algorithm)
  expect(fitsAlgorithm(jwk, algorithm)).toBe(true)
  expect(fitsAlgorithm(spoil(jwk), algorithm)).toBe(false)
})

test.each(noncanonical)(
  'JOSE-22: a proof under a key with %s is proof_key, whatever it would hash to',
  async (_, algorithm, spoil) => {
    const key = keys.get(algorithm) as RawKey
    const honest = thumbprint(jwkOf(algorithm))
    const spoilt = spoil(jwkOf(algorithm))
    expect(await outcomeWithProofKey(key, jwkOf(algorithm), honest)).toBe('admitted')
    for (const jkt of [honest, thumbprint(spoilt)]) {
      expect(await outcomeWithProofKey(key, spoilt, jkt)).toBe('proof_key')
    }
  },
)

test.each(noncanonical)('JOSE-22: an issuer key with %s is passed over', async (_, algorithm, spoil) => {
  const key = keys.get(algorithm) as RawKey
  const others = { ...forge.key.publicJwk, kid: 'k2', alg: 'ES256' }
  const jwks = { keys: [{ ...spoil(jwkOf(algorithm)), kid: 'k1', alg: algorithm } as JWK, others] }
  const token = rawJws(key, forge.header({ alg: algorithm }), forge.claims())
  expect(await forge.code({ verifier: forge.verifierTrusting({ jwks }), token })).toBe('token_key_unknown')
})

async function outcomeWithProofKey(key: RawKey, jwk: Members, jkt: string): Promise<string> {
  const token = forge.token({ cnf: { jkt } })
  const claims = {
    jti: crypto.randomUUID(),
    htm: 'GET',
    htu: url,
    iat: Math.floor(forge.clock.now() / 1_000),
    ath: sha256(token),
  }
  const proof = rawJws(key, { typ: 'dpop+jwt', alg: key.algorithm, jwk }, claims)
  return forge.code({ verifier, token, proof })
}

function modulusOf(bits: number): string {
  const octets = Buffer.alloc(Math.ceil(bits / 8), 0xff)
  octets[0] = 0xff >> (octets.length * 8 - bits)
  return octets.toString('base64url')
}

function resized(value: unknown, by: 1 | -1): string {
  const octets = Buffer.from(String(value), 'base64url')
  return (by === 1 ? Buffer.concat([Buffer.alloc(1), octets]) : octets.subarray(1)).toString('base64url')
}

/** 32 octets leave two unused bits in the last of 43 characters. */
function withUnusedBits(value: unknown): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const text = String(value)
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? '') + 1]
}
