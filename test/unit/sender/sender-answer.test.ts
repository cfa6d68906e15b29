import type { MtlsOptions } from 'onbehalf'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { createKit, headerValues, type Kit } from '../../support/kit.ts'

/** What an answer carries, and what the operator is told of a sender that has proven nothing. */

const secret = 'a-nonce-secret-of-thirty-two-bytes-or-more'
let kit: Kit
let own: TestCertificate
let other: TestCertificate
beforeAll(async () => {
  kit = await createKit()
  own = await createTestCertificate({ commonName: 'own' })
  other = await createTestCertificate({ commonName: 'other' })
})

const certificateBound = () => ({
  scheme: 'Bearer',
  token: { claims: { cnf: { 'x5t#S256': own.thumbprint } } },
  proof: null,
  certificate: own.der,
})

describe('the headers of an admitted answer', () => {
  const behindProxy: MtlsOptions = { certificate: { header: 'nginx', trustedProxies: ['192.0.2.1'] } }

  test('RFC 9449 §8: without nonces and without a certificate field there are none', async () => {
    for (const dpop of [undefined, { nonce: undefined }])
      expect(await kit.call({ verifier: kit.verifierWith({ dpop }) })).toMatchObject({ ok: true, headers: [] })
  })

  test.each([
    ['alone', undefined, []],
    ['beside Vary', behindProxy, [['Vary', 'ssl-client-cert']]],
  ] as const)('DPOP-30: a nonce that is half used up is followed by the next one, %s', async (_, mtls, vary) => {
    const verifier = kit.verifierWith({ mtls, dpop: { nonce: { secret } } })
    const [nonce] = headerValues(await kit.call({ verifier }), 'DPoP-Nonce')
    expect(await kit.call({ verifier, proof: { nonce } })).toMatchObject({ ok: true, headers: vary })
    kit.clock.advance(160)
    const aged = await kit.call({ verifier, proof: { nonce } })
    const [next] = headerValues(aged, 'DPoP-Nonce')
    expect(aged).toMatchObject({ ok: true, headers: [['DPoP-Nonce', next], ['Cache-Control', 'no-store'], ...vary] })
    expect(next).not.toBe(nonce)
  })

  test('RFC 8705 §3: a token that is bound to a certificate alone needs no nonce, and is given none', async () => {
    const verifier = kit.verifierWith({ dpop: { nonce: { secret } } })
    expect(await kit.call({ ...certificateBound(), verifier })).toMatchObject({ ok: true, headers: [] })
  })
})

test('RFC 8705 §3: without DPoP there are no proof keys and no replay store to tell of', async () => {
  const verifier = kit.verifierWith({ dpop: false })
  expect((await kit.call({ ...certificateBound(), verifier })).ok).toBe(true)
  expect(verifier.health()).toMatchObject({ replay: null, caches: { proofKeys: 0 } })
  const withDpop = kit.verifierWith()
  expect((await kit.call({ verifier: withDpop })).ok).toBe(true)
  expect(withDpop.health()).toMatchObject({ replay: { store: 'memory', size: 1 }, caches: { proofKeys: 1 } })
})

describe('the facts of a refusal', () => {
  test('PRES-09: of a scheme both are told, and the option only to an issuer that it would help', async () => {
    const bearer = await kit.refusal({ scheme: 'Bearer' })
    expect([bearer.code, bearer.facts]).toEqual([
      'binding_scheme',
      { expectedScheme: 'DPoP', receivedScheme: 'Bearer' },
    ])
    const dpop = await kit.refusal({ ...certificateBound(), scheme: 'DPoP' })
    expect([dpop.code, dpop.facts]).toEqual([
      'binding_scheme',
      { expectedScheme: 'Bearer', receivedScheme: 'DPoP', hint: 'issuer.dpopSchemeForMtls' },
    ])
  })

  test('MTLS-01: of two certificates the first eight characters of the thumbprints are told', async () => {
    const { code, facts } = await kit.refusal({ ...certificateBound(), certificate: other.der })
    expect([code, facts]).toEqual([
      'binding_mismatch',
      { expectedThumbprint: own.thumbprint.slice(0, 8), receivedThumbprint: other.thumbprint.slice(0, 8) },
    ])
  })
})
