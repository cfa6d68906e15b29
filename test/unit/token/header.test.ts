import { expect, test } from 'vitest'
import { encode } from '../../support/bytes.ts'
import { createForge, type Forge } from '../../support/forge.ts'
import { makeOddCurveKey, makeRawKey, rawJws } from '../../support/jws.ts'

const forge: Forge = await createForge()
const { verifier } = forge

/** Values for which `String(value)` throws. */
const withoutText: readonly unknown[] = [{ toString: null }, { toString: 1, valueOf: 1 }, [{ toString: null }]]

test.each(['at+jwt', 'at+JWT', 'AT+JWT', 'application/at+jwt', 'APPLICATION/AT+JWT'])(
  'AT-01: typ %s is an access token',
  async (typ) => {
    expect(await forge.code({ verifier, token: forge.token({}, { typ }) })).toBe('admitted')
  },
)

test.each([
  'JWT',
  'jwt',
  '',
  ' at+jwt',
  'at+jwt ',
  'at+jwt;v=1',
  'at+jwt\n',
  'at +jwt',
  'xat+jwt',
  'at+jwtx',
  'text/at+jwt',
  'application/',
  '/at+jwt',
  'application//at+jwt',
  'id_token',
  undefined,
  null,
  1,
  true,
  ['at+jwt'],
  { 'at+jwt': 1 },
])('AT-01: typ %j is token_type', async (typ) => {
  expect(await forge.code({ verifier, token: forge.token({}, { typ }) })).toBe('token_type')
})

test.each(withoutText)('AT-01: typ %j, which has no text form, is token_type', async (typ) => {
  expect(await forge.code({ verifier, token: forge.token({}, { typ }) })).toBe('token_type')
})

test.each(['none', 'None', 'NONE', 'nOnE', 'none '])('AT-05: alg %j is token_algorithm, signed or not', async (alg) => {
  const input = `${encode(forge.header({ alg }))}.${encode(forge.claims())}`
  const kidless = `${encode({ typ: 'at+jwt', alg })}.${encode(forge.claims())}`
  for (const token of [
    `${input}.`,
    `${kidless}.`,
    `${input}.AAAA`,
    `${input}.${encode('junk')}`,
    forge.token({}, { alg }),
  ]) {
    expect(await forge.code({ verifier, token }), token.slice(-8)).toBe('token_algorithm')
  }
})

test('AT-05: an unsigned token of two parts is token_malformed', async () => {
  const [header = '', claims = ''] = forge.token({}, { alg: 'none' }).split('.')
  expect(await forge.code({ verifier, token: `${header}.${claims}` })).toBe('token_malformed')
})

test.each([undefined, null, 1, '', [], ['ES256'], {}, ...withoutText])(
  'JOSE-01: alg %j is token_algorithm',
  async (alg) => {
    expect(await forge.code({ verifier, token: forge.token({}, { alg }) })).toBe('token_algorithm')
  },
)

test.each([
  'es256',
  'Es256',
  'ES256 ',
  'ES256K',
  'ES512',
  'RS384',
  'RS512',
  'PS384',
  'PS512',
  'ed25519',
  'Ed448',
  'eddsa',
  'RS1',
  'RSA-OAEP',
  'ML-DSA-44',
])('JOSE-01: %j is outside the list of algorithms, for tokens and proofs', async (alg) => {
  expect(await forge.code({ verifier, token: forge.token({}, { alg }) })).toBe('token_algorithm')
  const token = forge.token()
  expect(await forge.code({ verifier, token, proof: { header: { alg } } })).toBe('proof_key')
})

test('JOSE-01: the list is the one of the issuer, not of all issuers together', async () => {
  const other = await makeRawKey('ES384')
  const otherJwks = { keys: [{ ...other.publicJwk, kid: 'k1', alg: 'ES384' }] }
  const both = forge.verifierWith({
    issuer: [
      { ...forge.trust, algorithms: ['ES256'] },
      { issuer: 'https://other.example.test', jwks: otherJwks, algorithms: ['ES384'] },
    ],
  })
  const foreign = rawJws(other, forge.header({ alg: 'ES384' }), forge.claims())
  expect(await forge.code({ verifier: both, token: foreign })).toBe('token_algorithm')
  const own = rawJws(other, forge.header({ alg: 'ES384' }), forge.claims({ iss: 'https://other.example.test' }))
  expect(await forge.code({ verifier: both, token: own })).toBe('admitted')
  expect(await forge.code({ verifier: both, token: forge.token() })).toBe('admitted')
})

test('JOSE-01: a key on a curve we do not take serves no algorithm', async () => {
  for (const curve of ['secp256k1', 'P-521'] as const) {
    const odd = await makeOddCurveKey(curve)
    const jwks = {
      keys: [
        { ...odd.publicJwk, kid: 'k1' },
        { ...forge.key.publicJwk, kid: 'k2', alg: 'ES256' },
      ],
    }
    const token = rawJws(odd, forge.header(), forge.claims())
    expect(await forge.code({ verifier: forge.verifierTrusting({ jwks }), token }), curve).toBe('token_key_unknown')
  }
})

test('AT-10: a token of five parts is refused outright', async () => {
  const jwe = [{ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', cty: 'at+jwt' }, '', 'iv', 'ciphertext', 'tag'].map(encode)
  expect(await forge.code({ verifier, token: jwe.join('.') })).toBe('token_malformed')
})

test('AT-11: RS256 is accepted by default', async () => {
  const rsa = await makeRawKey('RS256')
  const jwks = { keys: [{ ...rsa.publicJwk, kid: 'k1', alg: 'RS256', use: 'sig' }] }
  const token = rawJws(rsa, forge.header({ alg: 'RS256' }), forge.claims())
  expect(await forge.code({ verifier: forge.verifierTrusting({ jwks }), token })).toBe('admitted')
  expect(forge.verifierWith().describe().issuers[0]?.algorithms).toContain('RS256')
  const narrow = forge.verifierTrusting({ jwks: { keys: [...jwks.keys, forge.key.publicJwk] }, algorithms: ['ES256'] })
  expect(await forge.code({ verifier: narrow, token })).toBe('token_algorithm')
})
