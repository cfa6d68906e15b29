import type { JsonObject } from '../jose/strict-json.ts'

/** The claims of a proof, typed; nothing in them is verified. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath: string
  readonly nonce: string | undefined
  readonly exp: number | undefined
  readonly nbf: number | undefined
}

/** RFC 9449 §4.2: required members and their types. Unknown members are ignored. */
export function readProofClaims(payload: JsonObject | undefined): ProofClaims | undefined {
  if (payload === undefined) return undefined
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return undefined
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof iat !== 'number') return undefined
  if (typeof ath !== 'string' || !isOptional(nonce, 'string')) return undefined
  if (!isOptional(exp, 'number') || !isOptional(nbf, 'number')) return undefined
  return { jti, htm, htu, iat, ath, nonce, exp, nbf } as ProofClaims
}

function isOptional(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type
}
