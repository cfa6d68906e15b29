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

/** RFC 9449 §4.2: required members and their types, or the name of the first that is missing or not of its type. */
export function readProofClaims(payload: JsonObject): ProofClaims | string {
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return 'jti'
  if (typeof htm !== 'string') return 'htm'
  if (typeof htu !== 'string') return 'htu'
  if (typeof iat !== 'number') return 'iat'
  if (typeof ath !== 'string') return 'ath'
  if (!isOptional(nonce, 'string')) return 'nonce'
  if (!isOptional(exp, 'number')) return 'exp'
  if (!isOptional(nbf, 'number')) return 'nbf'
  return { jti, htm, htu, iat, ath, nonce, exp, nbf } as ProofClaims
}

function isOptional(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type
}
