import {
  constants,
  createPublicKey,
  createVerify,
  type JsonWebKey,
  type KeyObject,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto'
import type { Algorithm } from '../types/options.ts'
import { derOf } from './ecdsa-der.ts'
import type { JsonObject } from './strict-json.ts'

/** A public key imported for exactly one algorithm (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly algorithm: Algorithm
  readonly digest: string | null
  readonly input: KeyObject | VerifyKeyObjectInput
  /** Octets; ECDSA is R‖S (RFC 7518 §3.4), so DER never fits. */
  readonly signatureLength: number
  readonly isEcdsa: boolean
}

interface Scheme {
  readonly digest: string | null
  readonly options?: Omit<VerifyKeyObjectInput, 'key'>
  /** Absent: as long as the modulus. */
  readonly signatureLength?: number
}

/** The salt is as long as the hash (RFC 7518 §3.5). */
const pss = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING }

const schemes: Readonly<Record<Algorithm, Scheme>> = {
  ES256: { digest: 'sha256', signatureLength: 64 },
  ES384: { digest: 'sha384', signatureLength: 96 },
  ES512: { digest: 'sha512', signatureLength: 132 },
  Ed25519: { digest: null, signatureLength: 64 },
  EdDSA: { digest: null, signatureLength: 64 },
  PS256: { digest: 'sha256', options: pss(32) },
  PS384: { digest: 'sha384', options: pss(48) },
  PS512: { digest: 'sha512', options: pss(64) },
  RS256: { digest: 'sha256', options: pkcs1 },
  RS384: { digest: 'sha384', options: pkcs1 },
  RS512: { digest: 'sha512', options: pkcs1 },
}

export const algorithms: readonly Algorithm[] = Object.keys(schemes) as Algorithm[]

/** Undefined when the key cannot be imported (a point off the curve, say). Policy is checked before: see jwk.ts. */
export function importKey(jwk: JsonObject, algorithm: Algorithm): VerificationKey | undefined {
  const scheme = schemes[algorithm]
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
    const modulusBits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return {
      algorithm,
      digest: scheme.digest,
      input: scheme.options === undefined ? key : { key, ...scheme.options },
      signatureLength: scheme.signatureLength ?? Math.ceil(modulusBits / 8),
      isEcdsa: jwk['kty'] === 'EC',
    }
  } catch {
    return undefined
  }
}

/**
 * `data`: one octet a character, as every signing input is. A Verify object costs half a microsecond less than
 * `crypto.verify`, which makes a job of the call even when nobody waits for it; EdDSA has no other way.
 */
export function verifySignature(key: VerificationKey, data: string, signature: Uint8Array): boolean {
  if (signature.length !== key.signatureLength) return false
  try {
    if (key.digest === null) return verify(null, Buffer.from(data, 'latin1'), key.input, signature)
    return createVerify(key.digest)
      .update(data, 'latin1')
      .verify(key.input, key.isEcdsa ? derOf(signature) : signature)
  } catch {
    return false
  }
}

/** The same on one of libuv's threads: slower for one request, faster for several at once. Never rejects. */
export function verifySignatureLater(key: VerificationKey, data: string, signature: Uint8Array): Promise<boolean> {
  if (signature.length !== key.signatureLength) return Promise.resolve(false)
  // derOf reuses its buffer, and the thread reads it later.
  const encoded = key.isEcdsa ? Uint8Array.from(derOf(signature)) : signature
  return new Promise<boolean>((resolve) => {
    verify(key.digest, Buffer.from(data, 'latin1'), key.input, encoded, (error, isGood) =>
      resolve(error === null && isGood),
    )
  }).catch(() => false)
}
