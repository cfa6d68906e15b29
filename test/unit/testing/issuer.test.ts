import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTestClock, createTestIssuer, type TestIssuer } from '../../../src/testing/index.ts'
import type { Algorithm } from '../../../src/types/options.ts'

const resource = 'https://api.example.test/'
const algorithms: Algorithm[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256']

function verify(issuer: TestIssuer, token: string) {
  return jwtVerify(token, createLocalJWKSet(issuer.jwks), {
    issuer: issuer.issuer,
    audience: resource,
    typ: 'at+jwt',
    currentDate: new Date(issuer.clock.now()),
    requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti'],
  })
}

describe('tokens', () => {
  test.each(algorithms)('RFC 9068 §4: jose verifies a token signed with %s against the key set', async (algorithm) => {
    const issuer = await createTestIssuer({ resource, algorithm })
    const token = await issuer.token({ agent: await issuer.agent('agent-1') })
    const { protectedHeader } = await verify(issuer, token)
    expect(protectedHeader).toEqual({ typ: 'at+jwt', alg: algorithm, kid: issuer.jwks.keys[0]?.kid })
  })

  test('RFC 9068 §2.2: an autonomous agent is the subject itself and names no actor', async () => {
    const issuer = await createTestIssuer({ resource })
    const agent = await issuer.agent('agent-1', { clientId: 'client-1' })
    const claims = decodeJwt(await issuer.token({ agent }))
    expect(claims).toEqual({
      iss: 'https://as.example.test',
      sub: 'agent-1',
      sub_profile: 'ai_agent',
      aud: resource,
      client_id: 'client-1',
      iat: Date.UTC(2026, 0, 1) / 1000,
      exp: Date.UTC(2026, 0, 1) / 1000 + 300,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      cnf: { jkt: agent.jkt },
    })
  })

  test.each([
    ['human', 'user'],
    ['service', 'service'],
  ] as const)('RFC 8693 §4.1: on behalf of a %s the agent is the actor', async (kind, profile) => {
    const issuer = await createTestIssuer({ resource, issuer: 'https://other.example.test' })
    const claims = decodeJwt(await issuer.token({ agent: await issuer.agent('agent-1'), [kind]: 'principal-1' }))
    expect(claims).toMatchObject({ iss: issuer.issuer, sub: 'principal-1', sub_profile: profile, client_id: 'agent-1' })
    expect(claims['act']).toEqual({ sub: 'agent-1', iss: issuer.issuer, sub_profile: 'ai_agent' })
  })

  test('RFC 8693 §4.1: the current actor is outermost, the earliest innermost', async () => {
    const issuer = await createTestIssuer({ resource })
    const [current, second, first] = await Promise.all(['current', 'second', 'first'].map((id) => issuer.agent(id)))
    if (!current || !second || !first) throw new Error('three agents')
    const { act, cnf } = decodeJwt(await issuer.token({ agent: current, human: 'alice', via: [second, first] }))
    const common = { iss: issuer.issuer, sub_profile: 'ai_agent' }
    expect(act).toEqual({
      sub: 'current',
      ...common,
      act: { sub: 'second', ...common, act: { sub: 'first', ...common } },
    })
    expect(cnf).toEqual({ jkt: current.jkt })
  })

  test('ACT-07: act.iss is the namespace of the actor, and null leaves it out', async () => {
    const issuer = await createTestIssuer({ resource })
    const agent = await issuer.agent('agent-1', { issuer: null })
    const earlier = await issuer.agent('agent-2', { issuer: 'https://elsewhere.example.test' })
    const { act } = decodeJwt(await issuer.token({ agent, human: 'alice', via: [earlier] }))
    expect(act).toEqual({
      sub: 'agent-1',
      sub_profile: 'ai_agent',
      act: { sub: 'agent-2', iss: 'https://elsewhere.example.test', sub_profile: 'ai_agent' },
    })
  })

  test('kit: two principals, or a chain without one, are a mistake of the test', async () => {
    const issuer = await createTestIssuer({ resource })
    const agent = await issuer.agent('agent-1')
    await expect(issuer.token({ agent, human: 'alice', service: 'billing' })).rejects.toThrow(TypeError)
    await expect(issuer.token({ agent, via: [agent] })).rejects.toThrow(TypeError)
  })

  test('RFC 6749 §3.3: scopes are joined by a space; audience and lifetime are as asked', async () => {
    const issuer = await createTestIssuer({ resource })
    const agent = await issuer.agent('agent-1')
    const audience = ['https://a.example.test', 'https://b.example.test']
    const claims = decodeJwt(await issuer.token({ agent, scopes: ['read', 'write'], audience, lifetimeSeconds: 60 }))
    expect(claims).toMatchObject({ scope: 'read write', aud: audience, exp: Number(claims.iat) + 60 })
    expect(decodeJwt(await issuer.token({ agent, scopes: [] }))).not.toHaveProperty('scope')
  })

  test('RFC 7519 §4.1.6: iat follows the clock, in whole seconds', async () => {
    const issuer = await createTestIssuer({ resource, clock: createTestClock(1_999) })
    issuer.clock.advance(2)
    expect(decodeJwt(await issuer.token({ agent: await issuer.agent('agent-1') }))).toMatchObject({ iat: 3, exp: 303 })
  })

  test('kit: claims and header are laid over, undefined deletes', async () => {
    const issuer = await createTestIssuer({ resource })
    const token = await issuer.token({
      agent: await issuer.agent('agent-1'),
      claims: { sub: undefined, exp: null, tenant: { id: 7 } },
      header: { typ: 'JWT', kid: undefined, extra: 'x' },
    })
    const claims = decodeJwt(token)
    expect(claims).not.toHaveProperty('sub')
    expect(claims).toMatchObject({ exp: null, tenant: { id: 7 } })
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'JWT', alg: 'ES256', extra: 'x' })
  })

  test.each([
    [{ alg: 'none' }],
    [{ alg: 'HS256' }],
    [{ alg: undefined }],
    [{ crit: ['x'], x: true }],
    [{ b64: false, crit: ['b64'] }],
  ])('kit: a header that no library signs is signed all the same: %j', async (header) => {
    const issuer = await createTestIssuer({ resource })
    const token = await issuer.token({ agent: await issuer.agent('agent-1'), header })
    const kid = issuer.jwks.keys[0]?.kid
    const asSent: unknown = JSON.parse(JSON.stringify({ typ: 'at+jwt', alg: 'ES256', kid, ...header }))
    expect(decodeProtectedHeader(token)).toEqual(asSent)
    await expect(verify(issuer, token)).rejects.toThrow(errors.JOSEError)
    expect(await isSignatureGood(issuer, token)).toBe(true)
  })

  test.each(algorithms)('kit: a signature under an odd header holds with %s', async (algorithm) => {
    const issuer = await createTestIssuer({ resource, algorithm })
    const token = await issuer.token({ agent: await issuer.agent('agent-1'), header: { crit: ['x'], x: 1 } })
    const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks), {
      crit: { x: true },
      currentDate: new Date(issuer.clock.now()),
    })
    expect(payload.sub).toBe('agent-1')
  })
})

describe('keys', () => {
  test.each(algorithms)('RFC 7517 §4: the key set for %s holds public members only', async (algorithm) => {
    const issuer = await createTestIssuer({ resource, algorithm, keyId: 'first' })
    expect(issuer.options).toEqual({ issuer: issuer.issuer, jwks: issuer.jwks })
    expect(issuer.jwks.keys).toHaveLength(1)
    const [key] = issuer.jwks.keys
    expect(key).toMatchObject({ kid: 'first', alg: algorithm, use: 'sig' })
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret)
  })

  test('RFC 7638 §3: without a keyId the key is named by its thumbprint', async () => {
    const { jwks } = await createTestIssuer({ resource })
    const [key] = jwks.keys
    if (!key) throw new Error('a key')
    expect(key.kid).toBe(await calculateJwkThumbprint(key))
  })

  test('kit: after rotation new tokens verify, old ones find no key, the set is the same object', async () => {
    const issuer = await createTestIssuer({ resource, keyId: 'first' })
    const agent = await issuer.agent('agent-1')
    const old = await issuer.token({ agent })
    const { jwks } = issuer
    await issuer.rotateKey()
    expect(issuer.jwks).toBe(jwks)
    expect(jwks.keys.map((key) => key.kid)).not.toContain('first')
    await expect(verify(issuer, old)).rejects.toThrow(errors.JWKSNoMatchingKey)
    expect((await verify(issuer, await issuer.token({ agent }))).payload.sub).toBe('agent-1')
  })

  test('kit: two issuers share no key', async () => {
    const [a, b] = await Promise.all([createTestIssuer({ resource }), createTestIssuer({ resource })])
    expect(a.jwks.keys[0]?.['x']).not.toBe(b.jwks.keys[0]?.['x'])
  })
})

async function isSignatureGood({ jwks }: TestIssuer, token: string): Promise<boolean> {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const [jwk] = jwks.keys
  if (!jwk) return false
  const curve = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await crypto.subtle.importKey('jwk', jwk, curve, false, ['verify'])
  const input = Buffer.from(`${header}.${payload}`)
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(signature, 'base64url'), input)
}
