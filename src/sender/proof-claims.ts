import { isExactNumber } from '../jose/exact-number.ts'
import type { JsonObject } from '../jose/strict-json.ts'
import { WantedMembers } from '../jose/wanted-members.ts'

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

/** Others are ignored. */
export const proofMembers: WantedMembers = new WantedMembers(['jti', 'htm', 'htu', 'iat', 'ath', 'nonce', 'exp', 'nbf'])

/** RFC 9449 §4.2: required members and their types, or the name of the first that is missing or not of its type. */
export function readProofClaims(payload: JsonObject): ProofClaims | string {
  const { jti, htm, htu, iat, ath, nonce, exp, nbf } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return 'jti'
  if (typeof htm !== 'string') return 'htm'
  if (typeof htu !== 'string') return 'htu'
  if (!isExactNumber(iat)) return 'iat'
  if (typeof ath !== 'string') return 'ath'
  if (nonce !== undefined && typeof nonce !== 'string') return 'nonce'
  if (exp !== undefined && !isExactNumber(exp)) return 'exp'
  if (nbf !== undefined && !isExactNumber(nbf)) return 'nbf'
  return { jti, htm, htu, iat, ath, nonce, exp, nbf }
}
