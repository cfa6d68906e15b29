import { createHash, generateKeyPair } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'

/** A self-signed certificate and its private key. Both are in memory only. */
export interface TestCertificate {
  /** The private key in PEM (PKCS #8). */
  readonly key: string
  /** The certificate in PEM. */
  readonly certificate: string
  /** The certificate in DER. */
  readonly der: Uint8Array
  /** SHA-256 of the DER in base64url, as it stands in `cnf['x5t#S256']` (RFC 8705 §3.1). */
  readonly thumbprint: string
}

/** The contents of a test certificate. Nothing in it is checked. */
export interface TestCertificateOptions {
  /** The common name of subject and issuer. Required. */
  commonName: string
  /** DNS names and IP addresses for subjectAltName (RFC 5280 §4.2.1.6). Default: no such extension. */
  hosts?: readonly string[] | undefined
  /** Start of its validity. Default: 2020-01-01. */
  notBefore?: Date | undefined
  /** End of its validity. Default: 2049-12-31. */
  notAfter?: Date | undefined
}

/**
 * Makes a self-signed certificate with a fresh RSA key of 2 048 bits, for either end of a TLS connection. It makes no
 * chain. It needs the optional package `node-forge` and rejects without it.
 */
export async function createTestCertificate(options: TestCertificateOptions): Promise<TestCertificate> {
  const forge = await importForge()
  const { privateKey, publicKey } = await generateRsaKey('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  certificate.serialNumber = `01${crypto.randomUUID().replaceAll('-', '').slice(0, 30)}`
  // TLS stacks read the machine's clock, verifiers under test a test clock: the default covers both.
  certificate.validity.notBefore = options.notBefore ?? new Date(Date.UTC(2020, 0, 1))
  certificate.validity.notAfter = options.notAfter ?? new Date(Date.UTC(2049, 11, 31))
  const name = [{ name: 'commonName', value: options.commonName }]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  certificate.setExtensions(extensionsFor(options.hosts ?? []))
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create())
  const bytes = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes()
  const der = Uint8Array.from(Buffer.from(bytes, 'binary'))
  return {
    key: privateKey,
    certificate: forge.pki.certificateToPem(certificate),
    der,
    thumbprint: createHash('sha256').update(der).digest('base64url'),
  }
}

const generateRsaKey: typeof generateKeyPair.__promisify__ = promisify(generateKeyPair)

async function importForge() {
  try {
    return (await import('node-forge')).default
  } catch (cause) {
    throw new Error('Test certificates need the package node-forge: npm install --save-dev node-forge', { cause })
  }
}

function extensionsFor(hosts: readonly string[]): object[] {
  const extensions = [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
  ]
  if (hosts.length === 0) return extensions
  return [...extensions, { name: 'subjectAltName', altNames: hosts.map(alternativeName) }]
}

// RFC 5280 §4.2.1.6: [2] dNSName, [7] iPAddress.
function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host }
}
