import { base64url, exportJWK, type JWK } from 'jose'
import { proofAlgorithm, publicMembers } from '../jose/proof-key.ts'
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

async function remoteKey(key: RemoteKey): Promise<ProofKey> {
  const { publicJwk } = key
  return { jwk: publicMembers(publicJwk), alg: proofAlgorithm(publicJwk), sign: (data) => key.sign(data) }
}

function encode(value: object): string {
  return base64url.encode(JSON.stringify(value))
}
