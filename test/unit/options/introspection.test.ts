import { generateKeyPair } from 'jose'
import { createVerifier, OptionsError, type VerifierOptions } from 'onbehalf'
import { beforeAll, expect, test } from 'vitest'
import { makeRawKey, type RawKey } from '../../support/jws.ts'
import { issuerUrl, resource } from '../../support/kit.ts'

let key: RawKey

beforeAll(async () => {
  key = await makeRawKey('ES256')
})

function problemsOf(issuer: unknown, more: Partial<VerifierOptions> = {}): readonly string[] {
  try {
    createVerifier({ issuer, resource, ...more } as VerifierOptions)
    return []
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ path }) => path)
    throw error
  }
}

const asked = (introspection: unknown, issuer = issuerUrl) => ({ issuer, introspection })
const client = { id: 'api', secret: 'secret' }

test.each<readonly [string, unknown, readonly string[]]>([
  ['the least', { client }, []],
  ['everything', { client, endpoint: 'https://x.test/i?a=b', for: 'all', cacheSeconds: 0, signed: true }, []],
  ['no client', {}, ['client']],
  ['a client that is a string', { client: 'api' }, ['client']],
  ['no id', { client: { secret: 'x' } }, ['client.id']],
  ['an empty id', { client: { id: '', secret: 'x' } }, ['client.id']],
  ['neither secret nor key', { client: { id: 'api' } }, ['client']],
  ['an empty secret', { client: { id: 'api', secret: '' } }, ['client.secret']],
  ['an alg beside a secret', { client: { ...client, alg: 'ES256' } }, ['client.alg']],
  ['a key that is a string', { client: { id: 'api', privateKey: 'x' } }, ['client.privateKey']],
  ['a symmetric key', { client: { id: 'api', privateKey: { kty: 'oct', k: 'AAAA' } } }, ['client.privateKey']],
  ['an unknown for', { client, for: 'jwt' }, ['for']],
  ['cacheSeconds too large', { client, cacheSeconds: 3_601 }, ['cacheSeconds']],
  ['signed that is a string', { client, signed: 'yes' }, ['signed']],
  ['http', { client, endpoint: 'http://as.example.test/i' }, ['endpoint']],
  ['http on loopback', { client, endpoint: 'http://localhost:9/i' }, []],
  ['an endpoint with credentials', { client, endpoint: 'https://u:p@as.example.test/i' }, ['endpoint']],
  ['an unknown member', { client, cache: 1 }, ['cache']],
])('Options: introspection with %s', (_, introspection, problems) => {
  expect(problemsOf(asked(introspection))).toEqual(problems.map((path) => `issuer.introspection.${path}`))
})

test('Options: dangerously.allowHttp allows an endpoint under http', () => {
  const options = asked({ client, endpoint: 'http://as.internal/i' })
  expect(problemsOf(options)).toEqual(['issuer.introspection.endpoint'])
  expect(problemsOf(options, { dangerously: { allowHttp: ['as.internal'] } })).toEqual([])
})

test('Options: both a secret and a key are one too many', () => {
  const both = { ...client, privateKey: key.privateKey.export({ format: 'jwk' }) }
  expect(problemsOf(asked({ client: both }))).toEqual(['issuer.introspection.client'])
})

test('Options: the key of an assertion is private and fits its alg', async () => {
  const jwk = key.privateKey.export({ format: 'jwk' })
  const pair = await generateKeyPair('ES256')
  const rsa = await generateKeyPair('PS256')
  const wrong = ['issuer.introspection.client.privateKey']
  for (const [privateKey, alg, problems] of [
    [jwk, undefined, []],
    [jwk, 'ES256', []],
    [{ ...jwk, alg: 'ES256' }, undefined, []],
    [jwk, 'RS256', wrong],
    [{ ...jwk, alg: 'HS256' }, undefined, wrong],
    [{ ...jwk, alg: 'ES384' }, 'ES256', wrong],
    [key.publicJwk, undefined, wrong],
    [pair.privateKey, undefined, []],
    [pair.privateKey, 'ES384', wrong],
    [pair.publicKey, undefined, wrong],
    [rsa.privateKey, 'PS256', []],
    [rsa.privateKey, 'RS256', wrong],
  ] as const) {
    expect(problemsOf(asked({ client: { id: 'api', privateKey, ...(alg && { alg }) } }))).toEqual(problems)
  }
})

test('Options: opaque tokens name no issuer, so one issuer alone may be asked about them', () => {
  const other = 'https://other.example.test'
  for (const scope of ['opaque', 'all']) {
    expect(problemsOf([asked({ client }), asked({ client, for: scope }, other)])).toEqual(['issuer[1].introspection'])
  }
  expect(problemsOf([asked({ client }), other])).toEqual([])
})

test('Options: without an endpoint the issuer must be one whose metadata can be fetched', async () => {
  const jwks = { keys: [{ ...key.publicJwk, alg: 'ES256' }] }
  expect(problemsOf({ issuer: 'urn:example:as', jwks, introspection: { client } })).toEqual(['issuer.issuer'])
  const endpoint = 'https://as.example.test/i'
  expect(problemsOf({ issuer: 'urn:example:as', jwks, introspection: { client, endpoint } })).toEqual([])
})
