import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, EmbeddedJWK, errors, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTestIssuer, type TestAgent, type TestIssuer } from '../../../src/testing/index.ts'
import type { Algorithm } from '../../../src/types/options.ts'
import { resource, url } from '../../support/kit.ts'

let issuer: TestIssuer
let agent: TestAgent
let certified: TestAgent

beforeAll(async () => {
  issuer = await createTestIssuer({ resource })
  agent = await issuer.agent('agent-1')
  certified = await issuer.agent('agent-2', { certificate: true })
})

function verify(proof: string) {
  return jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', currentDate: new Date(issuer.clock.now()), maxTokenAge: 60 })
}

describe('proofs', () => {
  test.each<Algorithm>(['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256'])(
    'RFC 9449 §4.2: jose verifies a %s proof by the key inside, and jkt is its thumbprint',
    async (algorithm) => {
      const holder = await issuer.agent('holder', { algorithm })
      const { protectedHeader, payload } = await verify(await holder.proof({ method: 'GET', url }))
      expect(protectedHeader).toEqual({ typ: 'dpop+jwt', alg: algorithm, jwk: holder.publicJwk })
      expect(payload).toEqual({ jti: expect.any(String), htm: 'GET', htu: url, iat: issuer.clock.now() / 1000 })
      expect(await calculateJwkThumbprint(holder.publicJwk)).toBe(holder.jkt)
      for (const secret of ['d', 'p', 'q', 'k']) expect(holder.publicJwk).not.toHaveProperty(secret)
    },
  )

  test('RFC 9449 §4.2: ath is the hash of the token, nonce as given', async () => {
    const { payload } = await verify(await agent.proof({ method: 'POST', url, token: 'a.b.c', nonce: 'n-1' }))
    const ath = createHash('sha256').update('a.b.c').digest('base64url')
    expect(payload).toMatchObject({ htm: 'POST', ath, nonce: 'n-1' })
  })

  test.each(['?a=1', '#x', '?a=1#x', '#x?y'])('RFC 9449 §4.2: htu leaves out %s', async (tail) => {
    expect(decodeJwt(await agent.proof({ method: 'GET', url: url + tail }))['htu']).toBe(url)
  })

  test('RFC 9449 §4.2: htu is otherwise as written', async () => {
    const odd = 'HTTPS://API.example.test:443/a/../%7e'
    expect(decodeJwt(await agent.proof({ method: 'GET', url: odd }))['htu']).toBe(odd)
  })

  test('RFC 9449 §4.2: every proof has its own jti, and its iat follows the clock', async () => {
    const before = decodeJwt(await agent.proof({ method: 'GET', url }))
    issuer.clock.advance(2.5)
    const after = decodeJwt(await agent.proof({ method: 'GET', url }))
    issuer.clock.step(-2.5)
    expect(after.jti).not.toBe(before.jti)
    expect(Number(after.iat) - Number(before.iat)).toBe(2)
  })

  test('kit: claims and header are laid over, undefined deletes', async () => {
    const proof = await agent.proof({
      method: 'GET',
      url,
      claims: { jti: undefined, htu: 7, extra: true },
      header: { typ: undefined, kid: 'k' },
    })
    expect(decodeJwt(proof)).toEqual({ htm: 'GET', htu: 7, extra: true, iat: expect.any(Number) })
    expect(decodeProtectedHeader(proof)).toEqual({ alg: 'ES256', jwk: agent.publicJwk, kid: 'k' })
  })

  test('RFC 9449 §4.3(6): the key of another agent in the header does not verify', async () => {
    const proof = await agent.proof({ method: 'GET', url, header: { jwk: certified.publicJwk } })
    await expect(verify(proof)).rejects.toThrow(errors.JWSSignatureVerificationFailed)
  })
})

describe('headers', () => {
  test('RFC 9449 §7.1: a bound token goes out as DPoP with a proof for this request', async () => {
    const token = await issuer.token({ agent })
    const headers = await agent.headers('PUT', `${url}?q=1`, token, { nonce: 'n-1', claims: { extra: 1 } })
    expect(Object.keys(headers)).toEqual(['authorization', 'dpop'])
    expect(headers['authorization']).toBe(`DPoP ${token}`)
    const { payload } = await verify(headers['dpop'] ?? '')
    const ath = createHash('sha256').update(token).digest('base64url')
    expect(payload).toMatchObject({ htm: 'PUT', htu: url, ath, nonce: 'n-1', extra: 1 })
  })

  test('RFC 8705 §3: a token bound to the certificate alone goes out as Bearer without a proof', async () => {
    const token = await issuer.token({ agent: certified })
    expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': certified.certificate?.thumbprint })
    expect(await certified.headers('GET', url, token)).toEqual({ authorization: `Bearer ${token}` })
  })

  test.each(['dpop', 'both', 'none'] as const)('kit: bind %s is written so, and goes out as DPoP', async (bind) => {
    const token = await issuer.token({ agent: certified, bind })
    const jkt = certified.jkt
    const x5t = { 'x5t#S256': certified.certificate?.thumbprint }
    const cnf = { dpop: { jkt }, both: { jkt, ...x5t }, none: undefined }[bind]
    expect(decodeJwt(token)['cnf']).toEqual(cnf)
    expect(await certified.headers('GET', url, token)).toMatchObject({
      authorization: `DPoP ${token}`,
      dpop: expect.any(String),
    })
  })

  test('kit: a certificate-bound token in the hands of an agent without certificate goes out as DPoP', async () => {
    const token = await issuer.token({ agent: certified })
    expect(await agent.headers('GET', url, token)).toHaveProperty('dpop')
  })

  test.each(['', 'garbage', 'a.b.c'])('kit: a token that is none (%j) goes out as DPoP', async (token) => {
    expect(await certified.headers('GET', url, token)).toMatchObject({ authorization: `DPoP ${token}` })
  })

  test.each(['mtls', 'both'] as const)('kit: bind %s without a certificate is a mistake of the test', async (bind) => {
    await expect(issuer.token({ agent, bind })).rejects.toThrow(TypeError)
  })

  test('kit: an agent without certificate has no such member', () => {
    expect(agent).not.toHaveProperty('certificate')
  })
})
