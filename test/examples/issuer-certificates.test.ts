import { X509Certificate } from 'node:crypto'
import { createTestCertificate, type TestCertificate } from 'onbehalf/testing'
import { describe, expect, test } from 'vitest'
import { createSigningKey } from '../../examples/agents/signing-key.ts'
import { apis, certificateMetadata, registered, setUp } from './issuer-setup.ts'

const { may_exchange: _, may_introspect: __, may_follow: ___, ...rights } = registered.booker

/** A client whose key set has these members. */
function clientWith(id: string, certificate: TestCertificate, key: object) {
  const metadata = certificateMetadata(certificate)
  const [own] = metadata.jwks.keys
  return {
    client_id: id,
    ...rights,
    ...metadata,
    grant_types: ['client_credentials'],
    may_reach: [apis.tool],
    jwks: { keys: [{ ...own, ...key }] },
  }
}

describe('RFC 7517 §4.7: the first certificate of a key is of this key', () => {
  test('the good one, and one that is registered again', async () => {
    const { running } = await setUp()
    const certificate = await createTestCertificate({ commonName: 'one' })
    await running.addClient(clientWith('one', certificate, {}))
    await running.addClient(clientWith('one', certificate, {}))
  })

  test('a certificate of another client behind a key of its own', async () => {
    const { running } = await setUp()
    const [certificate, other] = [
      await createTestCertificate({ commonName: 'one' }),
      await createTestCertificate({ commonName: 'other' }),
    ]
    await running.addClient(clientWith('one', certificate, {}))
    const x5c = [Buffer.from(certificate.der).toString('base64')]
    await expect(running.addClient(clientWith('other', other, { x5c }))).rejects.toThrow()
    // The same with a key that was not in any certificate.
    const { publicJwk } = await createSigningKey()
    await expect(running.addClient(clientWith('other', other, { ...publicJwk, x5c }))).rejects.toThrow()
  })

  test.each<[string, (certificate: TestCertificate) => object]>([
    ['a thumbprint without its certificate', ({ certificate }) => ({ x5c: undefined, ...thumbprintOf(certificate) })],
    ['no certificate in the list', () => ({ x5c: [] })],
    ['no certificate', () => ({ x5c: ['AAAA'] })],
    ['a list of other things', () => ({ x5c: [1] })],
    ['no list', () => ({ x5c: 'AAAA' })],
  ])('%s', async (_title, change) => {
    const { running } = await setUp()
    const certificate = await createTestCertificate({ commonName: 'one' })
    await expect(running.addClient(clientWith('one', certificate, change(certificate)))).rejects.toThrow()
  })
})

function thumbprintOf(certificate: string): object {
  const digest = Buffer.from(new X509Certificate(certificate).fingerprint256.replaceAll(':', ''), 'hex')
  return { 'x5t#S256': digest.toString('base64url') }
}
