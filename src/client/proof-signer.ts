import { base64url, exportJWK, type JWK } from 'jose'
import { signatureParameters } from '../jose/signature-parameters.ts'
import type { RemoteKey, SigningKeyPair } from '../types/client-options.ts'
import type { Algorithm } from '../types/options.ts'

/** What a proof says of its request (RFC 9449 §4.2). */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  /** Seconds. */
  readonly iat: number
  readonly ath?: string
  readonly nonce?: string
}

export type ProofSigner = (claims: ProofClaims) => Promise<string>

/** What WebCrypto says of a key. */
interface KeyAlgorithm {
  readonly name?: string
  readonly hash?: { readonly name: string }
}

interface ProofKey {
  readonly jwk: JWK
  readonly alg: Algorithm
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export function createProofSigner(key: SigningKeyPair | RemoteKey): ProofSigner {
  // Exported once, with the first proof.
  let prepared: Promise<ProofKey> | undefined
  return async (claims) => {
    prepared ??= 'sign' in key ? remoteKey(key) : pairKey(key)
    const { jwk, alg, sign } = await prepared
    const input = `${encode({ typ: 'dpop+jwt', alg, jwk })}.${encode(claims)}`
    return `${input}.${base64url.encode(await sign(new TextEncoder().encode(input)))}`
  }
}

async function pairKey({ privateKey, publicKey }: SigningKeyPair): Promise<ProofKey> {
  const jwk = publicMembers(await exportJWK(publicKey))
  const alg = proofAlgorithm(jwk, privateKey.algorithm)
  return {
    jwk,
    alg,
    sign: async (data) =>
      new Uint8Array(await crypto.subtle.sign(signatureParameters[alg], privateKey, data as Uint8Array<ArrayBuffer>)),
  }
}

async function remoteKey({ publicJwk, sign }: RemoteKey): Promise<ProofKey> {
  return { jwk: publicMembers(publicJwk), alg: proofAlgorithm(publicJwk), sign }
}

/** A proof carries the public key and nothing else of it (RFC 9449 §4.2): `d` must never leave. */
function publicMembers({ kty, crv, x, y, n, e }: JWK): JWK {
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined))
}

/** By the key's own `alg`, the hash that WebCrypto ties an RSA key to, or the kind of the key (RFC 7518 §3.1). */
function proofAlgorithm(jwk: JWK, { name, hash }: KeyAlgorithm = {}): Algorithm {
  const stated = jwk.alg ?? (hash && `${name === 'RSA-PSS' ? 'PS' : 'RS'}${hash.name.slice('SHA-'.length)}`)
  if (stated !== undefined && Object.hasOwn(signatureParameters, stated)) return stated as Algorithm
  const byCurve = curves[jwk.crv ?? '']
  if (byCurve !== undefined) return byCurve
  if (jwk.kty === 'RSA') return 'PS256'
  throw new TypeError('dpopFetch: proofs cannot be signed with a key of this kind')
}

const curves: Readonly<Record<string, Algorithm>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  // Its old name, which more servers know (RFC 8037 §3.1).
  Ed25519: 'EdDSA',
}

function encode(value: object): string {
  return base64url.encode(JSON.stringify(value))
}
