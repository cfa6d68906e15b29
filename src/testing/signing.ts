import { CompactSign, type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { signatureParameters } from '../jose/signature-parameters.ts'
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
