import { createPublicKey, type JsonWebKey, X509Certificate } from 'node:crypto'
import { errors } from 'oidc-provider'

export function checkKeys(jwks: unknown): void {
  const keys = (jwks as { keys?: unknown } | undefined)?.keys
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 4) throw refused('jwks must hold one to four keys')
  // A certificate may have an RSA key.
  const isPublic = ({ kty, d, x5c }: { kty?: unknown; d?: unknown; x5c?: unknown }) =>
    d === undefined && (kty === 'EC' || kty === 'OKP' || (kty === 'RSA' && x5c !== undefined))
  if (!keys.every(isPublic)) throw refused('jwks must hold public EC or OKP keys alone')
  if (!keys.every(hasOwnCertificate)) throw refused('x5c must begin with a certificate of its key')
}

/** RFC 7517 §4.7. A client with the certificate of another one could be taken for it; a thumbprint alone would do as well. */
function hasOwnCertificate({ x5c, 'x5t#S256': thumbprint, ...key }: Readonly<Record<string, unknown>>): boolean {
  if (x5c === undefined) return thumbprint === undefined
  try {
    const [first] = x5c as readonly string[]
    const { publicKey } = new X509Certificate(Buffer.from(first ?? '', 'base64'))
    return publicKey.equals(createPublicKey({ key: key as JsonWebKey, format: 'jwk' }))
  } catch {
    return false
  }
}

/** RFC 9700 §2.6: codes do not go over the network in the clear. */
export function isSafeRedirect(uri: unknown): boolean {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return false
  const { protocol, hostname } = new URL(uri)
  return protocol === 'https:' || (protocol === 'http:' && (hostname === '127.0.0.1' || hostname === '[::1]'))
}

export function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= 32 && value.every(isName)
}

/** Up to 256 printable characters. */
export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= 256 && /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(value) && value.trim() !== ''
  )
}

export function refused(description: string): Error {
  return new errors.InvalidClientMetadata(description)
}
