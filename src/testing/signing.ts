import { CompactSign, type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Algorithm } from '../types/options.ts'

export interface SigningKey {
  readonly algorithm: Algorithm
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly thumbprint: string
}

export async function generateSigningKey(algorithm: Algorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  const publicJwk = await exportJWK(publicKey)
  return { algorithm, privateKey, publicJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}

/** The signature always holds over the bytes sent, whatever the header says; a member that is `undefined` is left out. */
export async function signJws(key: SigningKey, header: Members, claims: Members): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  const { alg, crit, b64 } = header
  if (alg !== key.algorithm || crit !== undefined || b64 !== undefined) {
    return signAnyHeader(key, header, payload)
  }
  return new CompactSign(payload).setProtectedHeader({ ...header, alg: key.algorithm }).sign(key.privateKey)
}

export type Members = Record<string, unknown>

// jose rightly refuses to sign an `alg` that is not the key's, no `alg`, and a `crit` it does not know; tests of refusals need them.
async function signAnyHeader(key: SigningKey, header: Members, payload: Uint8Array): Promise<string> {
  const input = `${base64url(JSON.stringify(header))}.${base64url(payload)}`
  const signature = await crypto.subtle.sign(signatureParameters[key.algorithm], key.privateKey, Buffer.from(input))
  return `${input}.${base64url(new Uint8Array(signature))}`
}

function base64url(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}

// RFC 7518 §3.1, RFC 8037 §3.1; the salt of RSA-PSS is as long as its hash (RFC 7518 §3.5).
const signatureParameters: Readonly<Record<Algorithm, { name: string; hash?: string; saltLength?: number }>> = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  Ed25519: { name: 'Ed25519' },
  EdDSA: { name: 'Ed25519' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  PS384: { name: 'RSA-PSS', saltLength: 48 },
  PS512: { name: 'RSA-PSS', saltLength: 64 },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  RS384: { name: 'RSASSA-PKCS1-v1_5' },
  RS512: { name: 'RSASSA-PKCS1-v1_5' },
}
