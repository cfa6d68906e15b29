import { errors } from 'oidc-provider'

export function checkKeys(jwks: unknown): void {
  const keys = (jwks as { keys?: unknown } | undefined)?.keys
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 4) throw refused('jwks must hold one to four keys')
  // A certificate may have an RSA key.
  const isPublic = ({ kty, d, x5c }: { kty?: unknown; d?: unknown; x5c?: unknown }) =>
    d === undefined && (kty === 'EC' || kty === 'OKP' || (kty === 'RSA' && x5c !== undefined))
  if (!keys.every(isPublic)) throw refused('jwks must hold public EC or OKP keys alone')
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
