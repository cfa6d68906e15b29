import type { JWK } from 'jose'
import type { Algorithm } from '../types/options.ts'
import { signatureParameters } from './signature-parameters.ts'

/** Public halves of keys that sign proofs: those of `dpopFetch`, and of agents of the test kit whose key lives elsewhere. */

/** What WebCrypto says of a key. */
interface KeyAlgorithm {
  readonly name?: string
  readonly hash?: { readonly name: string }
}

/** A proof carries the public key and nothing else of it (RFC 9449 §4.2): `d` must never leave. */
export function publicMembers({ kty, crv, x, y, n, e }: JWK): JWK {
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined))
}

/** By the key's own `alg`, the hash that WebCrypto ties an RSA key to, or the kind of the key (RFC 7518 §3.1). */
export function proofAlgorithm(jwk: JWK, { name, hash }: KeyAlgorithm = {}): Algorithm {
  const stated = jwk.alg ?? (hash && `${name === 'RSA-PSS' ? 'PS' : 'RS'}${hash.name.slice('SHA-'.length)}`)
  if (stated !== undefined && Object.hasOwn(signatureParameters, stated)) return stated as Algorithm
  const byCurve = curves[jwk.crv ?? '']
  if (byCurve !== undefined) return byCurve
  if (jwk.kty === 'RSA') return 'PS256'
  throw new TypeError('Proofs cannot be signed with a key of this kind')
}

const curves: Readonly<Record<string, Algorithm>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  // Its old name, which more servers know (RFC 8037 §3.1).
  Ed25519: 'EdDSA',
}
