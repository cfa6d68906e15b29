import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'

/** A key pair of which only the public half can leave the process. */
export interface SigningKey {
  readonly algorithm: 'ES256'
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: JWK
  /** RFC 7638. */
  readonly thumbprint: string
}

export async function createSigningKey(): Promise<SigningKey> {
  // Not extractable: the default of generateKeyPair.
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const publicJwk = await exportJWK(publicKey)
  return { algorithm: 'ES256', privateKey, publicKey, publicJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}
