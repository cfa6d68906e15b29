import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, test, vi } from 'vitest'
import * as warnings from '../../../src/internal/process-warnings.ts'
import { createKit, type Kit, outcomeOf } from '../../support/kit.ts'

let kit: Kit
let certificate: TestCertificate

beforeAll(async () => {
  kit = await createKit()
  certificate = await createTestCertificate({ commonName: 'travel-7' })
})

/** A token that names the certificate, and no proof. */
const bound = () => ({
  scheme: 'Bearer',
  token: { claims: { cnf: { 'x5t#S256': certificate.thumbprint } } },
  proof: null,
})
const base64 = () => Buffer.from(certificate.der).toString('base64')

test.each([
  ['client-cert', () => `:${base64()}:`],
  ['x-forwarded-client-cert', () => `Hash=${Buffer.from(certificate.thumbprint, 'base64url').toString('hex')}`],
  ['x-forwarded-client-cert', () => `Cert="${encodeURIComponent(certificate.certificate)}"`],
  ['x-forwarded-tls-client-cert', base64],
  ['x-amzn-mtls-clientcert', () => encodeURIComponent(certificate.certificate)],
  ['x-client-cert', () => encodeURIComponent(certificate.certificate)],
])('MTLS-08: unless asked to, nobody reads %s (%#)', async (name, value) => {
  const call = { ...bound(), headers: { [name]: value() } }
  expect(await kit.code(call)).toBe('certificate_missing')
  expect(await kit.code({ ...call, certificate: certificate.der })).toBe('admitted')
})

test('MTLS-04: that a connection without TLS shows no certificate is said of no other connection', async () => {
  const said = vi.spyOn(warnings, 'hintAtPlainConnection').mockReturnValue()
  const view = await kit.request(bound())
  for (const peer of [undefined, {}, { encrypted: true }]) {
    expect(outcomeOf(await kit.verifier.check({ ...view, peer }))).toBe('certificate_missing')
  }
  expect(said).not.toHaveBeenCalled()
  expect(outcomeOf(await kit.verifier.check({ ...view, peer: { encrypted: false } }))).toBe('certificate_missing')
  expect(said).toHaveBeenCalledOnce()
  said.mockRestore()
})
