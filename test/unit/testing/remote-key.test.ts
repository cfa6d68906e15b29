import { generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose'
import { dpopFetch, type RemoteKey } from 'onbehalf/client'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.ts'
import type { Algorithm } from '../../../src/types/options.ts'
import { resource, url } from '../../support/kit.ts'

/** Agents of the test kit whose private key lives elsewhere. */

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer({ resource })
})

function verify(proof: string) {
  return jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', currentDate: new Date(issuer.clock.now()), maxTokenAge: 60 })
}

const pss = { padding: 6, saltLength: 32 }
const kinds: readonly [Algorithm, () => RemoteKey][] = [
  ['ES256', () => remote(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256')],
  ['ES384', () => remote(generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sha384')],
  ['ES512', () => remote(generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'sha512')],
  ['EdDSA', () => remote(generateKeyPairSync('ed25519'), null)],
  ['Ed25519', () => remote(generateKeyPairSync('ed25519'), null, { alg: 'Ed25519' })],
  ['PS256', () => remote(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256', {}, pss)],
  ['RS256', () => remote(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256', { alg: 'RS256' })],
]

/** `sign` is a method that needs its object, and gives the signature later. */
function remote(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  hash: string | null,
  more: Partial<JWK> = {},
  padding: object = {},
): RemoteKey {
  return new (class {
    readonly publicJwk = { ...(publicKey.export({ format: 'jwk' }) as JWK), ...more }
    readonly #key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const, ...padding }
    async sign(data: Uint8Array) {
      return signWith(hash, data, this.#key)
    }
  })()
}

describe('an agent whose key lives elsewhere', () => {
  test.each(kinds)('RFC 9449 §4.2: jose verifies its %s proof by the key inside', async (algorithm, make) => {
    const key = make()
    const agent = await issuer.agent('holder', key)
    const { protectedHeader } = await verify(await agent.proof({ method: 'GET', url }))
    const { alg: _, ...publicJwk } = key.publicJwk
    expect(protectedHeader).toEqual({ typ: 'dpop+jwt', alg: algorithm, jwk: publicJwk })
    expect(agent).toMatchObject({ publicJwk, jkt: await calculateJwkThumbprint(publicJwk) })
  })

  test.each(kinds)('Client: dpopFetch takes the same %s key and means the same by it', async (_algorithm, make) => {
    const key = make()
    const sent: string[] = []
    const send = dpopFetch({
      key,
      clock: issuer.clock,
      fetch: async (_input, init) => {
        sent.push(new Headers(init?.headers).get('dpop') ?? '')
        return new Response()
      },
    })
    await send(url)
    const agent = await issuer.agent('holder', key)
    const own = await verify(await agent.proof({ method: 'GET', url }))
    expect((await verify(sent[0] ?? '')).protectedHeader).toEqual(own.protectedHeader)
  })

  test('RFC 9449 §6: its tokens are bound to the key, and its headers go out with a proof', async () => {
    const agent = await issuer.agent('holder', es256())
    const token = await issuer.token({ agent, human: 'alice' })
    const { dpop = '', authorization } = await agent.headers('GET', url, token)
    expect(authorization).toBe(`DPoP ${token}`)
    expect((await verify(dpop)).payload).toMatchObject({ htu: url, ath: expect.any(String) })
  })

  test('RFC 9449 §4.2: no private member of the key is sent', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const agent = await issuer.agent('holder', {
      ...withSign(),
      publicJwk: privateKey.export({ format: 'jwk' }) as JWK,
    })
    expect(agent.publicJwk).not.toHaveProperty('d')
  })

  test('kit: claims and header are laid over, and the other options hold', async () => {
    const agent = await issuer.agent('holder', { ...withSign(), clientId: 'client-1', algorithm: 'ES256' })
    const { protectedHeader, payload } = await verify(
      await agent.proof({ method: 'GET', url, claims: { extra: 1 }, header: { kid: 'k' } }),
    )
    expect([protectedHeader['kid'], payload['extra'], agent.clientId]).toEqual(['k', 1, 'client-1'])
  })

  test('kit: what the key throws, the proof throws', async () => {
    const fault = new Error('the token was pulled out')
    const agent = await issuer.agent('holder', { ...withSign(), sign: () => Promise.reject(fault) })
    await expect(agent.proof({ method: 'GET', url })).rejects.toBe(fault)
  })
})

const es256 = () => (kinds[0] as (typeof kinds)[number])[1]()

/** The same with members that can be spread. */
function withSign(): RemoteKey {
  const key = es256()
  return { publicJwk: key.publicJwk, sign: (data) => key.sign(data) }
}

test.each<[string, (key: RemoteKey) => object]>([
  ['no sign', ({ publicJwk }) => ({ publicJwk })],
  ['a sign that is no function', ({ publicJwk }) => ({ publicJwk, sign: 'sign' })],
  ['no publicJwk', ({ sign }) => ({ sign })],
  ['a publicJwk that is no object', ({ sign }) => ({ sign, publicJwk: 'key' })],
  ['a publicJwk that is null', ({ sign }) => ({ sign, publicJwk: null })],
  ['a key that signs no proof', ({ sign }) => ({ sign, publicJwk: { kty: 'oct', k: 'AA' } })],
  ['a key without a coordinate', ({ sign, publicJwk }) => ({ sign, publicJwk: { ...publicJwk, y: undefined } })],
  ['a coordinate that is cut short', ({ sign, publicJwk }) => ({ sign, publicJwk: { ...publicJwk, x: 'AA' } })],
  ['an alg of another kind of key', ({ sign, publicJwk }) => ({ sign, publicJwk: { ...publicJwk, alg: 'RS256' } })],
  ['another algorithm than that of the key', (key) => ({ ...key, algorithm: 'ES384' })],
])('kit: an agent with %s is a mistake of the test', async (_, change) => {
  await expect(issuer.agent('holder', change(withSign()))).rejects.toThrow(TypeError)
})
