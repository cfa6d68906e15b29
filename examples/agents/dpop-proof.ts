import { createHash, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { SigningKey } from './signing-key.ts'

export interface ProofInput {
  readonly method: string
  readonly url: string
  /** The access token the proof goes with; none in a token request. */
  readonly accessToken?: string | undefined
  /** What the server asked for with DPoP-Nonce. */
  readonly nonce?: string | undefined
}

/** RFC 9449 §4.2: made afresh for every request. */
export function createProof(key: SigningKey, input: ProofInput): Promise<string> {
  const claims = {
    htm: input.method,
    // Without query and fragment.
    htu: input.url.replace(/[?#].*$/s, ''),
    ...(input.accessToken !== undefined && { ath: createHash('sha256').update(input.accessToken).digest('base64url') }),
    ...(input.nonce !== undefined && { nonce: input.nonce }),
  }
  return new SignJWT(claims)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: key.algorithm, jwk: key.publicJwk })
    .setIssuedAt()
    .setJti(randomUUID())
    .sign(key.privateKey)
}
