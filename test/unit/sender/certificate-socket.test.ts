import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { beforeAll, expect, test, vi } from 'vitest'
import { createKit, type Kit } from '../../support/kit.ts'

let kit: Kit
let certificate: TestCertificate

beforeAll(async () => {
  kit = await createKit()
  certificate = await createTestCertificate({ commonName: 'travel-7' })
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
  const call = {
    scheme: 'Bearer',
    token: { claims: { cnf: { 'x5t#S256': certificate.thumbprint } } },
    proof: null,
    headers: { [name]: value() },
  }
  expect(await kit.code(call)).toBe('certificate_missing')
  expect(await kit.code({ ...call, certificate: certificate.der })).toBe('admitted')
})

test('MTLS-04: that a connection without TLS shows no certificate is said once, and of no other connection', async () => {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockReturnValue()
  // What was said is remembered by the process.
  vi.resetModules()
  const { createPresentedCertificate } = await import('../../../src/sender/presented-certificate.ts')
  const { thumbprint } = createPresentedCertificate({ from: 'socket' })
  const view = await kit.request()
  for (const peer of [undefined, {}, { encrypted: true }]) thumbprint({ ...view, peer }, {})
  expect(emitWarning).not.toHaveBeenCalled()
  for (let time = 0; time < 2; time++) thumbprint({ ...view, peer: { encrypted: false } }, {})
  expect(emitWarning.mock.calls.map(([, options]) => options)).toMatchObject([{ code: 'ONBEHALF_PLAIN' }])
  emitWarning.mockRestore()
})
