import { CompactSign, type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { fitsAlgorithm } from '../jose/jwk.ts'
import { proofAlgorithm, publicMembers } from '../jose/proof-key.ts'
import { signatureParameters } from '../jose/signature-parameters.ts'
import type { RemoteKey } from '../types/client-options.ts'
import type { Algorithm } from '../types/options.ts'

export interface SigningKey {
  readonly algorithm: Algorithm
  /** The private key, or what signs with it elsewhere. */
  readonly signer: CryptoKey | RemoteKey['sign']
  readonly publicJwk: JWK
  readonly thumbprint: string
}

export async function generateSigningKey(algorithm: Algorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  const publicJwk = await exportJWK(publicKey)
  return { algorithm, signer: privateKey, publicJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}

/** Throws TypeError unless `publicJwk` is a key that can sign proofs, for `algorithm` where that is given. */
export async function readRemoteKey(key: Partial<RemoteKey>, algorithm: Algorithm | undefined): Promise<SigningKey> {
  const { publicJwk: given, sign } = key
  if (typeof given !== 'object' || given === null) throw new TypeError('publicJwk: a public key is needed beside sign')
  if (typeof sign !== 'function') throw new TypeError('sign: a function is needed beside publicJwk')
  const own = proofAlgorithm(given)
  if (algorithm !== undefined && algorithm !== own) throw new TypeError(`algorithm: the key signs with ${own}`)
  const publicJwk = publicMembers(given)
  if (!fitsAlgorithm(publicJwk, own)) throw new TypeError(`publicJwk: this is no public key for ${own}`)
  const signer = (data: Uint8Array) => sign.call(key, data)
  return { algorithm: own, signer, publicJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}

/** The signature always holds over the bytes sent, whatever the header says; a member that is `undefined` is left out. */
export async function signJws(key: SigningKey, header: Members, claims: Members): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  const { signer, algorithm } = key
  const { alg, crit, b64 } = header
  if (typeof signer === 'function' || alg !== algorithm || crit !== undefined || b64 !== undefined) {
    return signAnyHeader(key, header, payload)
  }
  return new CompactSign(payload).setProtectedHeader({ ...header, alg: algorithm }).sign(signer)
}

export type Members = Record<string, unknown>

// jose takes no signer, and rightly refuses to sign an `alg` that is not the key's, no `alg`, and a `crit` it does not know;
// tests of refusals need them.
async function signAnyHeader(key: SigningKey, header: Members, payload: Uint8Array): Promise<string> {
  const input = `${base64url(JSON.stringify(header))}.${base64url(payload)}`
  return `${input}.${base64url(await signatureOf(key, Buffer.from(input)))}`
}

async function signatureOf({ signer, algorithm }: SigningKey, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (typeof signer === 'function') return signer(data)
  return new Uint8Array(await crypto.subtle.sign(signatureParameters[algorithm], signer, data))
}

function base64url(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}
