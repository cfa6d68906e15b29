import { sign } from 'node:crypto'
import type { JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { Algorithm } from '../../../src/index.ts'
import { encode, sha256 } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { asAlgorithm, makeRawKey, type RawKey, rawJws, signBytes } from '../../support/jws.ts'
import { url } from '../../support/kit.ts'

const forge: Forge = await createForge()
const algorithms: readonly Algorithm[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256']
const keys = new Map<Algorithm, RawKey>()

beforeAll(async () => {
  for (const algorithm of algorithms) keys.set(algorithm, await makeRawKey(algorithm))
})

function keyFor(algorithm: Algorithm): RawKey {
  const key = keys.get(algorithm)
  if (key === undefined) throw new Error(algorithm)
  return key
}

function verifierFor(key: RawKey, alg: string | undefined = key.algorithm) {
  return forge.verifierTrusting({ jwks: { keys: [{ ...key.publicJwk, kid: 'k1', ...(alg && { alg }) } as JWK] } })
}

const inputOf = (alg: string) => `${encode(forge.header({ alg }))}.${encode(forge.claims())}`

/** r or s of these values makes a signature that careless verifiers take (RFC 7518 §3.4, CVE-2022-21449). */
const order256 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
const numbers: readonly (readonly [string, string])[] = [
  ['zero', '00'.repeat(32)],
  ['one', `${'00'.repeat(31)}01`],
  ['the order', order256],
  ['the order less one', order256.replace(/1$/, '0')],
  ['all ones', 'ff'.repeat(32)],
]

test.each(algorithms)(
  'RFC 7515 §5.2: a good %s signature passes, another bit or a length of one more or less does not',
  async (alg) => {
    const key = keyFor(alg)
    const verifier = verifierFor(key)
    const input = inputOf(alg)
    const good = signBytes(key, input)
    const flipped = Buffer.from(good)
    flipped.writeUInt8(flipped.readUInt8(5) ^ 1, 5)
    expect(await forge.code({ verifier, token: `${input}.${encode(good)}` })).toBe('admitted')
    const bad = [
      flipped,
      good.subarray(1),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.alloc(1)]),
      Buffer.alloc(0),
    ]
    for (const octets of [...bad, Buffer.concat([Buffer.alloc(1), good]), Buffer.alloc(good.length)]) {
      expect(await forge.code({ verifier, token: `${input}.${encode(octets)}` }), encode(octets)).toBe(
        'token_signature',
      )
    }
  },
)

test.each(['ES256', 'ES384'] as const)(
  'JOSE-11: %s signatures are R and S side by side; DER is token_signature',
  async (alg) => {
    const key = keyFor(alg)
    const verifier = verifierFor(key)
    const digest = alg === 'ES256' ? 'sha256' : 'sha384'
    for (let round = 0; round < 16; round++) {
      const input = inputOf(alg)
      const der = sign(digest, Buffer.from(input), { key: key.privateKey, dsaEncoding: 'der' })
      expect(await forge.code({ verifier, token: `${input}.${encode(der)}` })).toBe('token_signature')
      expect(await forge.code({ verifier, token: `${input}.${encode(signBytes(key, input))}` })).toBe('admitted')
    }
  },
)

test('JOSE-11: R or S without its leading zeros is token_signature', async () => {
  const key = keyFor('ES256')
  const verifier = verifierFor(key)
  const input = inputOf('ES256')
  const signature = signBytes(key, input)
  const padded = Buffer.concat([Buffer.alloc(1), signature.subarray(0, 32), Buffer.alloc(1), signature.subarray(32)])
  expect(await forge.code({ verifier, token: `${input}.${encode(padded)}` })).toBe('token_signature')
})

test.each(numbers.flatMap(([r, first]) => numbers.map(([s, second]) => [r, s, first + second] as const)))(
  'JOSE-11: an ES256 signature with r %s and s %s is no signature, on token or proof',
  async (_r, _s, hex) => {
    const signature = Buffer.from(hex, 'hex').toString('base64url')
    const verifier = verifierFor(keyFor('ES256'))
    expect(await forge.code({ verifier, token: `${inputOf('ES256')}.${signature}` })).toBe('token_signature')
    const token = rawJws(keyFor('ES256'), forge.header(), forge.claims())
    const proof = await forge.agent.proof({ method: 'GET', url, token })
    const forged = `${proof.slice(0, proof.lastIndexOf('.'))}.${signature}`
    expect(await forge.code({ verifier, token, proof: forged })).toBe('proof_signature')
  },
)

test('JOSE-11: a DER signature on a proof is proof_signature', async () => {
  const key = keyFor('ES256')
  const { crv, kty, x, y } = key.publicJwk
  const jkt = sha256(JSON.stringify({ crv, kty, x, y }))
  const token = forge.token({ cnf: { jkt } })
  const claims = { jti: 'der-1', htm: 'GET', htu: url, iat: forge.clock.now() / 1_000, ath: sha256(token) }
  const input = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk })}.${encode(claims)}`
  const der = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'der' })
  const verifier = forge.verifierWith()
  expect(await forge.code({ verifier, token, proof: `${input}.${encode(der)}` })).toBe('proof_signature')
  const raw = encode(signBytes(key, input))
  expect(await forge.code({ verifier, token, proof: `${input}.${raw}` })).toBe('admitted')
})

test('JOSE-02: an RSA key serves the algorithm its JWK names and no other', async () => {
  const key = keyFor('RS256')
  for (const [declared, used, outcome] of [
    ['RS256', 'RS256', 'admitted'],
    ['RS256', 'PS256', 'token_key_unknown'],
    ['PS256', 'PS256', 'admitted'],
    ['PS256', 'RS256', 'token_key_unknown'],
    ['RS512', 'RS256', 'token_key_unknown'],
    ['RSA-OAEP', 'RS256', 'token_key_unknown'],
  ] as const) {
    const decoy = { ...keyFor('ES256').publicJwk, kid: 'k2', alg: 'ES256' }
    const jwks = { keys: [{ ...key.publicJwk, kid: 'k1', alg: declared } as JWK, decoy] }
    const token = rawJws(asAlgorithm(key, used), forge.header({ alg: used }), forge.claims())
    expect(await forge.code({ verifier: forge.verifierTrusting({ jwks }), token }), `${declared} ${used}`).toBe(outcome)
  }
})

test('JOSE-02: an RSA key whose JWK names no algorithm serves RS256 alone, or PS256 where the issuer has no RS256', async () => {
  const key = keyFor('RS256')
  const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' } as JWK] }
  const token = (alg: Algorithm) => rawJws(asAlgorithm(key, alg), forge.header({ alg }), forge.claims())
  const both = forge.verifierTrusting({ jwks })
  expect(await forge.code({ verifier: both, token: token('RS256') })).toBe('admitted')
  expect(await forge.code({ verifier: both, token: token('PS256') })).toBe('token_key_unknown')
  const pss = forge.verifierTrusting({ jwks, algorithms: ['PS256', 'ES256'] })
  expect(await forge.code({ verifier: pss, token: token('PS256') })).toBe('admitted')
  expect(await forge.code({ verifier: pss, token: token('RS256') })).toBe('token_algorithm')
})

test('JOSE-02: every algorithm against a key of every other type finds no key', async () => {
  for (const used of algorithms) {
    for (const held of algorithms) {
      const sameKey = used === held || (/^Ed/.test(used) && /^Ed/.test(held))
      const key = keyFor(held)
      const signer = /^[RP]S/.test(held) && /^[RP]S/.test(used) ? asAlgorithm(key, used) : key
      const token = rawJws(signer, forge.header({ alg: used }), forge.claims())
      const outcome = await forge.code({ verifier: verifierFor(key), token })
      expect(outcome, `${used} with a key for ${held}`).toBe(sameKey ? 'admitted' : 'token_key_unknown')
    }
  }
})

test('JOSE-02: a proof whose alg does not fit its key is proof_key', async () => {
  for (const used of ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256'] as const) {
    for (const held of ['ES256', 'ES384', 'Ed25519', 'PS256'] as const) {
      if (used === held || (used === 'EdDSA' && held === 'Ed25519')) continue
      const proof = rawJws(
        keyFor(held),
        { typ: 'dpop+jwt', alg: used, jwk: keyFor(held).publicJwk },
        { jti: '1', htm: 'GET', htu: url, iat: 1, ath: '1' },
      )
      expect(await forge.code({ verifier: forge.verifierWith(), token: forge.token(), proof }), `${used} ${held}`).toBe(
        'proof_key',
      )
    }
  }
})
