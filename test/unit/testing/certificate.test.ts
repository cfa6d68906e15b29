import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestCertificate, createTestIssuer, type TestCertificate } from '../../../src/testing/index.ts'

let server: TestCertificate
let client: TestCertificate

beforeAll(async () => {
  const hosts = ['localhost', '127.0.0.1', '::1']
  server = await createTestCertificate({ commonName: 'server', hosts })
  client = await createTestCertificate({ commonName: 'Agent Ä' })
})

afterEach(() => {
  vi.doUnmock('node-forge')
  vi.resetModules()
})

describe('certificates', () => {
  test('RFC 8705 §3.1: PEM, DER and thumbprint are of one certificate, and the key is its key', async () => {
    const x509 = new X509Certificate(client.certificate)
    expect(Buffer.compare(x509.raw, client.der)).toBe(0)
    expect(client.thumbprint).toBe(createHash('sha256').update(x509.raw).digest('base64url'))
    expect(x509.subject).toBe('CN=Agent Ä')
    expect(x509.verify(x509.publicKey)).toBe(true)
    expect(x509.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n })
  })

  test('RFC 5280 §4.2.1.6: hosts are names or addresses', () => {
    const x509 = new X509Certificate(server.certificate)
    expect(x509.checkHost('localhost')).toBe('localhost')
    expect(x509.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(x509.checkIP('::1')).toBe('::1')
    expect(x509.checkHost('elsewhere.test')).toBeUndefined()
    expect(new X509Certificate(client.certificate).subjectAltName).toBeUndefined()
  })

  test('RFC 5280 §4.1.2.5: validity is as asked', async () => {
    const notBefore = new Date('2024-02-03T04:05:06Z')
    const notAfter = new Date('2024-02-04T04:05:06Z')
    const { certificate } = await createTestCertificate({ commonName: 'expired', notBefore, notAfter })
    const x509 = new X509Certificate(certificate)
    expect([new Date(x509.validFrom), new Date(x509.validTo)]).toEqual([notBefore, notAfter])
  })

  test('kit: two certificates share neither key nor serial number', async () => {
    const [a, b] = [new X509Certificate(server.certificate), new X509Certificate(client.certificate)]
    expect(a.serialNumber).not.toBe(b.serialNumber)
    expect(a.publicKey.equals(b.publicKey)).toBe(false)
  })

  test('kit: an agent made with certificate: true is named in it', async () => {
    const issuer = await createTestIssuer({ resource: 'https://api.example.test/' })
    const { certificate } = await issuer.agent('agent-1', { certificate: true })
    expect(new X509Certificate(certificate?.certificate ?? '').subject).toBe('CN=agent-1')
  })

  test('kit: without node-forge the error names the package, and the rest of the kit works', async () => {
    const missing = Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' })
    vi.doMock('node-forge', () => {
      throw missing
    })
    vi.resetModules()
    const kit = await import('../../../src/testing/index.ts')
    await expect(kit.createTestCertificate({ commonName: 'x' })).rejects.toThrow(/\bnode-forge\b/)
    const issuer = await kit.createTestIssuer({ resource: 'https://api.example.test/' })
    expect((await issuer.agent('agent-1')).subject).toBe('agent-1')
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('handshake over %s', (version) => {
  test.each(['localhost', '127.0.0.1'])('RFC 8705 §3: both ends accept each other (%s)', async (host) => {
    const seen = await handshake(version, host, client)
    expect(seen).toEqual({ client: true, server: true, thumbprint: client.thumbprint })
  })

  test('RFC 8705 §3: a certificate the server does not trust is seen but not authorised', async () => {
    const stranger = await createTestCertificate({ commonName: 'stranger' })
    const seen = await handshake(version, 'localhost', stranger)
    expect(seen).toEqual({ client: true, server: false, thumbprint: stranger.thumbprint })
  })
})

async function handshake(version: 'TLSv1.2' | 'TLSv1.3', servername: string, own: TestCertificate) {
  const only = { minVersion: version, maxVersion: version }
  const ownCertificate = { key: server.key, cert: server.certificate, ca: client.certificate }
  const listener = createServer({ ...ownCertificate, ...only, requestCert: true, rejectUnauthorized: false })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const accepted = once(listener, 'secureConnection')
  const checked = { servername: servername === '127.0.0.1' ? '' : servername, host: '127.0.0.1', port }
  const options = { ...checked, ...only, key: own.key, cert: own.certificate, ca: server.certificate }
  const socket = connect(options)
  try {
    await once(socket, 'secureConnect')
    const [peer]: TLSSocket[] = await accepted
    if (!peer) throw new Error('a connection')
    const raw = peer.getPeerCertificate().raw
    peer.destroy()
    const thumbprint = createHash('sha256').update(raw).digest('base64url')
    return { client: socket.authorized, server: peer.authorized, thumbprint }
  } finally {
    socket.destroy()
    listener.close()
  }
}
