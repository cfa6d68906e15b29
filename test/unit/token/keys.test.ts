import type { JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { Algorithm } from '../../../src/index.ts'
import { readKeySet } from '../../../src/token/keys.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { type Members, makeRawKey, type RawKey, rawJws } from '../../support/jws.ts'

const forge: Forge = await createForge()
const accepted: ReadonlySet<Algorithm> = new Set(['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const)
let second: RawKey
let rsa: RawKey
let edwards: RawKey

beforeAll(async () => {
  second = await makeRawKey('ES256')
  rsa = await makeRawKey('RS256')
  edwards = await makeRawKey('Ed25519')
})

const good = (): JWK => ({ ...forge.key.publicJwk, kid: 'k1', alg: 'ES256', use: 'sig' })

async function outcomeWith(keys: readonly unknown[], token: string = forge.token()): Promise<string> {
  const jwks = { keys: keys as JWK[] }
  return forge.code({ verifier: forge.verifierTrusting({ jwks }), token })
}

const strangers: readonly (readonly [string, unknown])[] = [
  ['an unknown kty', { kty: 'AKP', alg: 'ML-DSA-44', kid: 'k1', pub: 'AAAA' }],
  ['no kty', { kid: 'k1', crv: 'P-256' }],
  ['an unknown curve', { kty: 'EC', crv: 'P-999', kid: 'k1', x: 'AAAA', y: 'AAAA' }],
  ['Ed448', { kty: 'OKP', crv: 'Ed448', kid: 'k1', x: 'AAAA' }],
  ['X25519', { kty: 'OKP', crv: 'X25519', kid: 'k1', x: 'A'.repeat(43) }],
  ['a missing y', { kty: 'EC', crv: 'P-256', kid: 'k1', x: 'A'.repeat(43) }],
  ['a point off the curve', { kty: 'EC', crv: 'P-256', kid: 'k1', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  ['a missing n', { kty: 'RSA', kid: 'k1', e: 'AQAB' }],
  ['a symmetric key', { kty: 'oct', kid: 'k1', k: 'c2VjcmV0' }],
  ['null', null],
  ['a string', 'key'],
  ['a list', []],
  ['a number', 1],
  ['an empty object', {}],
]

test.each(strangers)('AT-18: a set with %s in it still serves its good key', async (_, stranger) => {
  expect(await outcomeWith([stranger, good()])).toBe('admitted')
  expect(await outcomeWith([good(), stranger])).toBe('admitted')
})

test('AT-18: all of them together still leave the good key', async () => {
  expect(await outcomeWith([...strangers.map(([, stranger]) => stranger), good()])).toBe('admitted')
})

test.each([undefined, null, 1, 'x', [], {}, { keys: null }, { keys: {} }, { keys: 'x' }, { keys: [] }])(
  'AT-18: %j is a set without keys',
  (jwks) => {
    expect(readKeySet(jwks, accepted)?.keys ?? []).toEqual([])
  },
)

test('AT-18: no more than a hundred keys of one set are read', async () => {
  const key = { ...second.publicJwk, alg: 'ES256' }
  const many = Array.from({ length: 100 }, (_, index) => ({ ...key, kid: `d${index}` }))
  expect(readKeySet({ keys: [...many, good()] }, accepted)).toMatchObject({
    keys: { length: 100 },
    passedOver: { 'beyond the first 100': 1 },
  })
  expect(await outcomeWith([good(), ...many])).toBe('admitted')
  expect(await outcomeWith([...many, good()])).toBe('token_key_unknown')
})

test.each<readonly [string, Members, string]>([
  ['use sig', { use: 'sig' }, 'admitted'],
  ['no use', { use: undefined }, 'admitted'],
  ['use enc', { use: 'enc' }, 'token_key_unknown'],
  ['use SIG', { use: 'SIG' }, 'token_key_unknown'],
  ['use null', { use: null }, 'token_key_unknown'],
  ['key_ops verify', { key_ops: ['verify'] }, 'admitted'],
  ['key_ops sign and verify', { key_ops: ['sign', 'verify'] }, 'admitted'],
  ['key_ops encrypt', { key_ops: ['encrypt'] }, 'token_key_unknown'],
  ['key_ops empty', { key_ops: [] }, 'token_key_unknown'],
  ['key_ops a string', { key_ops: 'verify' }, 'token_key_unknown'],
  ['key_ops null', { key_ops: null }, 'token_key_unknown'],
  ['alg ES256', { alg: 'ES256' }, 'admitted'],
  ['no alg', { alg: undefined }, 'admitted'],
  ['alg ES384', { alg: 'ES384' }, 'token_key_unknown'],
  ['alg es256', { alg: 'es256' }, 'token_key_unknown'],
  ['alg ECDH-ES', { alg: 'ECDH-ES' }, 'token_key_unknown'],
  ['alg null', { alg: null }, 'token_key_unknown'],
  ['alg a list', { alg: ['ES256'] }, 'token_key_unknown'],
  ['a private member', { d: 'A'.repeat(43) }, 'token_key_unknown'],
  ['kid a number', { kid: 1 }, 'token_key_unknown'],
  ['kid null', { kid: null }, 'token_key_unknown'],
])('AT-19: a key with %s', async (_, members, outcome) => {
  const decoy = { ...second.publicJwk, kid: 'k2', alg: 'ES256' }
  expect(await outcomeWith([{ ...good(), ...members }, decoy])).toBe(outcome)
})

test('AT-19: Ed25519 and EdDSA are two names of one algorithm', async () => {
  for (const declared of ['Ed25519', 'EdDSA', undefined]) {
    for (const used of ['Ed25519', 'EdDSA']) {
      const jwk = { ...edwards.publicJwk, kid: 'k1', ...(declared && { alg: declared }) }
      const token = rawJws(edwards, forge.header({ alg: used }), forge.claims())
      expect(await outcomeWith([jwk], token), `${declared} ${used}`).toBe('admitted')
    }
  }
})

test('AT-21: a token without kid is good where exactly one key fits its algorithm', async () => {
  const kidless = () => forge.token({}, { kid: undefined })
  const other = { ...second.publicJwk, kid: 'k2', alg: 'ES256' }
  const rs256 = { ...rsa.publicJwk, kid: 'k3', alg: 'RS256' }
  expect(await outcomeWith([good()], kidless())).toBe('admitted')
  expect(await outcomeWith([good(), rs256], kidless())).toBe('admitted')
  expect(await outcomeWith([good(), other], kidless())).toBe('token_key_unknown')
  expect(await outcomeWith([other, good()], kidless())).toBe('token_key_unknown')
  expect(await outcomeWith([good(), { ...other, kid: undefined }], kidless())).toBe('token_key_unknown')
  expect(await outcomeWith([good(), { ...other, use: 'enc' }], kidless())).toBe('admitted')
  expect(await outcomeWith([rs256], kidless())).toBe('token_key_unknown')
})

test('AT-21: a kid is compared exactly, and one the key does not have finds nothing', async () => {
  for (const [kid, outcome] of [
    ['k1', 'admitted'],
    ['K1', 'token_key_unknown'],
    ['k1 ', 'token_key_unknown'],
    ['', 'token_key_unknown'],
    ['__proto__', 'token_key_unknown'],
  ] as const) {
    expect(await outcomeWith([good()], forge.token({}, { kid })), kid).toBe(outcome)
  }
  expect(await outcomeWith([{ ...good(), kid: undefined }])).toBe('token_key_unknown')
})

test.each([1, null, true, [], ['k1'], {}])('AT-21: kid %j is no kid (RFC 7515 §4.1.4)', async (kid) => {
  expect(await outcomeWith([good()], forge.token({}, { kid }))).toBe('token_malformed')
})

test('AT-21: two keys of one kid and different algorithms are told apart by alg', async () => {
  const twins = [good(), { ...rsa.publicJwk, kid: 'k1', alg: 'RS256' }]
  expect(await outcomeWith(twins)).toBe('admitted')
  expect(await outcomeWith(twins, rawJws(rsa, forge.header({ alg: 'RS256' }), forge.claims()))).toBe('admitted')
})
