import type { Algorithm } from '../types/options.ts'

/**
 * What WebCrypto is told to sign with each algorithm (RFC 7518 §3.1, RFC 8037 §3.1); the salt of RSA-PSS is as long as its
 * hash (RFC 7518 §3.5).
 */
export const signatureParameters: Readonly<Record<Algorithm, { name: string; hash?: string; saltLength?: number }>> = {
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
