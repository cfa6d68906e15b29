import type { Algorithm } from '../types/options.ts'
import { isBase64url, isBase64urlOf } from './base64url.ts'
import { sha256 } from './sha256.ts'
import type { JsonObject } from './strict-json.ts'

/** Public keys as JWK (RFC 7517), judged before anything is imported: importing a hostile key is the expensive part. */

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Of a key all that is read here, and all that importing it takes. */
export const keyMembers: readonly string[] = ['kty', 'crv', 'x', 'y', 'n', 'e', ...privateMembers]

/** kty, curve and size fit the algorithm, every number is canonical, and no private member is there. */
export function fitsAlgorithm(jwk: JsonObject, algorithm: Algorithm): boolean {
  if (hasPrivateMember(jwk)) return false
  switch (algorithm) {
    case 'ES256':
      return isCurvePoint(jwk, 'P-256', 32)
    case 'ES384':
      return isCurvePoint(jwk, 'P-384', 48)
    case 'ES512':
      return isCurvePoint(jwk, 'P-521', 66)
    case 'Ed25519':
    case 'EdDSA':
      return jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519' && isBase64urlOf(jwk['x'], 32)
    case 'PS256':
    case 'PS384':
    case 'PS512':
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return jwk['kty'] === 'RSA' && jwk['e'] === 'AQAB' && isModulus(jwk['n'])
  }
}

export function hasPrivateMember(jwk: JsonObject): boolean {
  return privateMembers.some((name) => Object.hasOwn(jwk, name))
}

function isCurvePoint(jwk: JsonObject, curve: string, octets: number): boolean {
  return (
    jwk['kty'] === 'EC' && jwk['crv'] === curve && isBase64urlOf(jwk['x'], octets) && isBase64urlOf(jwk['y'], octets)
  )
}

/** 2048 to 4096 bits (RFC 7518 §3.3: at least 2048), without leading zero octets. */
function isModulus(n: unknown): boolean {
  if (typeof n !== 'string' || n.length > 683 || !isBase64url(n)) return false
  const octets = Buffer.from(n, 'base64url')
  const first = octets[0] ?? 0
  const bits = octets.length * 8 - (Math.clz32(first) - 24)
  return first !== 0 && bits >= 2048 && bits <= 4096
}

/** RFC 7638 §3 over a JWK that `fitsAlgorithm` accepted: its members need no escaping. */
export function thumbprint(jwk: JsonObject): string {
  const { kty, crv, x, y, n, e } = jwk
  if (kty === 'RSA') return sha256(`{"e":"${e}","kty":"RSA","n":"${n}"}`)
  if (kty === 'OKP') return sha256(`{"crv":"${crv}","kty":"OKP","x":"${x}"}`)
  return sha256(`{"crv":"${crv}","kty":"EC","x":"${x}","y":"${y}"}`)
}
