import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProof } from '../../examples/agents/dpop-proof.ts'
import { createSigningKey, type SigningKey } from '../../examples/agents/signing-key.ts'
import { maxProofAgeSeconds, maxProofFutureSeconds } from '../../examples/issuer/dpop.ts'
import { type Setup, seconds, setUp, sign } from './issuer-setup.ts'

const own = { grant_type: 'client_credentials' }
const refused = { status: 400, error: 'invalid_dpop_proof' }
let setup: Setup
let key: SigningKey

beforeAll(async () => {
  setup = await setUp()
  key = await createSigningKey()
  await setup.register('planner', {})
  await setup.register('legacy', { dangerouslyIssueUnbound: true })
  await setup.register('late', { dangerouslyBackdatedSeconds: 3_600 })
})
afterAll(() => setup.running.close())

describe('the proof of a token request', () => {
  test('RFC 9449 §5: the token is bound to the key of the proof', async () => {
    const proof = await createProof(key, { method: 'POST', url: setup.running.tokenEndpoint })
    const { claims, body } = await setup.send('planner', own, { proof })
    expect(claims['cnf']).toEqual({ jkt: key.thumbprint })
    expect(body['token_type']).toBe('DPoP')
  })

  test('RFC 9449 §11.1: a proof is good for one request, with a fresh assertion too', async () => {
    const proof = await createProof(key, { method: 'POST', url: setup.running.tokenEndpoint })
    expect(await setup.send('planner', own, { proof })).toMatchObject({ status: 200 })
    expect(await setup.send('planner', own, { proof })).toMatchObject(refused)
  })

  test('RFC 9449 §4.3(9): a proof for another URL is refused', async () => {
    const proof = await createProof(key, { method: 'POST', url: 'https://as.example.com/token' })
    expect(await setup.send('planner', own, { proof })).toMatchObject(refused)
  })

  test('RFC 9449 §4.3(9): a query in htu does not count', async () => {
    const proof = await sign(key, proofWith({ htu: `${setup.running.tokenEndpoint}?a=b#c` }))
    expect(await setup.send('planner', own, { proof })).toMatchObject({ status: 200 })
  })

  test.each([
    ['RFC 9449 §4.3(8): another method', { htm: 'GET' }, {}],
    ['RFC 9449 §4.3(11): an old proof', { iat: seconds() - 100 }, {}],
    ['RFC 9449 §4.3(11): a proof of the future', { iat: seconds() + 100 }, {}],
    ['RFC 9449 §4.3(3): no iat', { iat: undefined }, {}],
    ['RFC 9449 §4.3(3): no jti', { jti: undefined }, {}],
    ['RFC 9449 §4.3(4): another typ', {}, { typ: 'JWT' }],
    ['RFC 9449 §4.3(4): a typ with a prefix', {}, { typ: 'application/dpop+jwt' }],
    ['RFC 9449 §4.3(3): no key', {}, { jwk: undefined }],
  ])('%s is refused', async (_title, claims, header) => {
    const proof = await sign(key, proofWith(claims, header))
    expect(await setup.send('planner', own, { proof })).toMatchObject(refused)
  })

  test('RFC 9449 §4.3(7): a proof that shows a private key is refused', async () => {
    const proof = await sign(key, proofWith({}, { jwk: { ...key.publicJwk, d: 'AAAA' } }))
    expect(await setup.send('planner', own, { proof })).toMatchObject(refused)
  })

  test('RFC 9449 §11.1: a proof is remembered to the last second in which it is accepted', async () => {
    const start = seconds()
    let now = start
    const moving = await setUp({ clock: () => now * 1_000 })
    const { issuer, tokenEndpoint } = moving.running
    await moving.register('planner', {})
    const claims = { htu: tokenEndpoint, iat: start + maxProofFutureSeconds }
    const proof = await sign(key, proofWith(claims))
    const late = await sign(key, proofWith(claims))
    const send = async (sent: string) => {
      const identity = { iss: 'planner', sub: 'planner', aud: issuer, exp: now + 30 }
      return moving.send('planner', own, {
        proof: sent,
        assertion: await sign(moving.keyOf('planner'), { claims: identity }),
      })
    }
    expect(await send(proof)).toMatchObject({ status: 200 })
    now = start + maxProofFutureSeconds + maxProofAgeSeconds
    expect(await send(proof)).toMatchObject(refused)
    expect(await send(late)).toMatchObject({ status: 200 })
    await moving.running.close()
  })

  test.each([
    ['of 1 024 bits', 128, 'AQAB'],
    ['of 8 192 bits', 1_024, 'AQAB'],
    ['with another exponent', 256, 'Aw'],
  ])('RFC 9449 §4.3(5): an RSA key %s is refused', async (_, octets, e) => {
    const n = Buffer.alloc(octets, 0xc3).toString('base64url')
    const proof = await sign(key, proofWith({}, { jwk: { kty: 'RSA', n, e } }))
    expect(await setup.send('planner', own, { proof })).toMatchObject(refused)
  })

  test('RFC 9449 §4.3(5): an RSA key of 2 048 bits is taken, with the exponent 65 537 alone', async () => {
    const { subtle } = globalThis.crypto
    const send = async (publicExponent: readonly number[]) => {
      const name = { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2_048 }
      const pair = await subtle.generateKey({ ...name, publicExponent: Uint8Array.from(publicExponent) }, true, [
        'sign',
        'verify',
      ])
      const { kty, n, e } = await subtle.exportKey('jwk', pair.publicKey)
      const claims = { htm: 'POST', htu: setup.running.tokenEndpoint, iat: seconds(), jti: crypto.randomUUID() }
      const header = { typ: 'dpop+jwt', alg: 'PS256', jwk: { kty: String(kty), n: String(n), e: String(e) } }
      const proof = await new SignJWT(claims).setProtectedHeader(header).sign(pair.privateKey)
      return setup.send('planner', own, { proof })
    }
    expect(await send([1, 0, 1])).toMatchObject({ status: 200 })
    expect(await send([3])).toMatchObject(refused)
  })

  test('RFC 9449 §4.3(6): a proof signed with another key than it shows is refused', async () => {
    const proof = await sign(await createSigningKey(), proofWith({}))
    expect(await setup.send('planner', own, { proof })).toMatchObject(refused)
  })

  test('RFC 9449 §5: without a proof there is no token', async () => {
    expect(await setup.send('planner', own, { proof: null })).toMatchObject(refused)
  })

  test('dangerouslyIssueUnbound: a client that has it gets a token without cnf', async () => {
    const { status, claims, body } = await setup.send('legacy', own, { proof: null })
    expect(status).toBe(200)
    expect(claims).not.toHaveProperty('cnf')
    expect(body['token_type']).toBe('Bearer')
  })

  test('dangerouslyBackdatedSeconds: a client that has it gets a token that has expired', async () => {
    const { claims } = await setup.send('late', own)
    expect(claims['exp']).toBeLessThan(seconds())
  })
})

function proofWith(claims: Record<string, unknown>, header: Record<string, unknown> = {}) {
  return {
    header: { typ: 'dpop+jwt', jwk: key.publicJwk, ...header },
    claims: { htm: 'POST', htu: setup.running.tokenEndpoint, iat: seconds(), ...claims },
  }
}
