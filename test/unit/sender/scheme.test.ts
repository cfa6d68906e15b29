import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, test } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
let lax: Kit
let certificate: TestCertificate

beforeAll(async () => {
  kit = await createKit()
  lax = await createKit({ trust: { dangerously: { allowUnbound: true } } })
  certificate = await createTestCertificate({ commonName: 'travel-7' })
})

const unbound = { claims: { cnf: undefined } }

test('PRES-01: a certificate-bound token under Bearer passes', async () => {
  const token = { claims: { cnf: { 'x5t#S256': certificate.thumbprint } } }
  const verdict = await kit.call({ scheme: 'Bearer', token, proof: null, certificate: certificate.der })
  expect(verdict).toMatchObject({ ok: true, context: { sender: { method: 'mtls', x5t: certificate.thumbprint } } })
})

test('PRES-01: an unbound token under Bearer passes where its issuer is allowed that', async () => {
  const verdict = await lax.call({ scheme: 'Bearer', token: unbound, proof: null })
  expect(verdict).toMatchObject({ ok: true, context: { sender: { method: 'none' }, warnings: ['unbound_token'] } })
})

test.each([
  ['with a good proof', {}],
  ['without a proof', { proof: null }],
])('PRES-09: a DPoP-bound token under Bearer is refused, %s', async (_, call) => {
  const refusal = await kit.refusal({ scheme: 'Bearer', ...call })
  expect(refusal).toMatchObject({ code: 'binding_scheme', status: 401, error: 'invalid_token' })
})

test('PRES-09: nor may it be shown as a bearer token where unbound ones are allowed', async () => {
  expect(await lax.code({ scheme: 'Bearer' })).toBe('binding_scheme')
  expect(await lax.code({ scheme: 'Bearer', proof: null })).toBe('binding_scheme')
})

test('PRES-09: a token bound to key and certificate goes under DPoP as well', async () => {
  const token = { claims: { cnf: { jkt: kit.agent.jkt, 'x5t#S256': certificate.thumbprint } } }
  const both = { token, certificate: certificate.der }
  expect(await kit.code({ ...both, scheme: 'Bearer' })).toBe('binding_scheme')
  expect(await kit.call(both)).toMatchObject({ ok: true, context: { sender: { method: 'dpop+mtls' } } })
})

test('PRES-10: DPoP with a token that is not bound is refused, whatever the proof', async () => {
  expect(await kit.code({ token: unbound })).toBe('binding_missing')
  expect(await lax.code({ token: unbound })).toBe('binding_scheme')
  expect(await lax.code({ token: unbound, proof: null })).toBe('binding_scheme')
})

test('PRES-10: DPoP with a token bound to a certificate alone is refused', async () => {
  const token = { claims: { cnf: { 'x5t#S256': certificate.thumbprint } } }
  expect(await kit.code({ token, certificate: certificate.der })).toBe('binding_scheme')
})

test('PRES-11: scheme DPoP without a DPoP field is proof_missing', async () => {
  const refusal = await kit.refusal({ proof: null })
  expect(refusal).toMatchObject({ code: 'proof_missing', status: 401, error: 'invalid_dpop_proof' })
})

test('PRES-11: two good proofs are one too many', async () => {
  const token = await kit.token()
  const proofs = await Promise.all(
    [1, 2].map(() => kit.agent.proof({ method: 'GET', url: 'https://api.example.test/tools', token })),
  )
  expect(await kit.code({ token, proof: proofs })).toBe('proof_malformed')
  expect(await kit.code({ token, proof: proofs.join(',') })).toBe('proof_malformed')
  expect(await kit.code({ token, proof: proofs.join(', ') })).toBe('proof_malformed')
})

test('PRES-11: an empty DPoP field is a field', async () => {
  expect(await kit.code({ proof: '' })).toBe('proof_malformed')
})

test('PRES-12: no binding is read out of a proof beside an unbound token', async () => {
  const verdict = await kit.call({ scheme: 'Bearer', token: unbound })
  expect(verdict).toMatchObject({ ok: false, refusal: { code: 'binding_missing', error: 'invalid_token' } })
})

test('PRES-12: where unbound tokens are allowed the proof is ignored, a broken one too', async () => {
  for (const proof of [{}, 'junk', ['a', 'b']]) {
    const verdict = await lax.call({ scheme: 'Bearer', token: unbound, proof })
    expect(verdict).toMatchObject({ ok: true, context: { sender: { method: 'none' } } })
    expect(verdict.ok && verdict.context.sender).not.toHaveProperty('jkt')
  }
})

test('PRES-12: an allowed unbound token does not use its proof up', async () => {
  const token = await lax.token(unbound)
  const proof = await lax.agent.proof({ method: 'GET', url: 'https://api.example.test/tools', token })
  expect(await lax.code({ scheme: 'Bearer', token, proof })).toBe('admitted')
  expect(await lax.code({ scheme: 'Bearer', token, proof })).toBe('admitted')
})
