import { LRUCache } from 'lru-cache'
import { decodeObject, hasExtensions } from '../internal/compact.ts'
import { Denial } from '../internal/denial.ts'
import { isJsonObject, type JsonObject } from '../internal/json.ts'
import { fitsAlgorithm, thumbprint } from '../internal/jwk.ts'
import { importKey, type VerificationKey } from '../internal/signature.ts'
import type { Algorithm } from '../types.ts'
import { isRefusedAsPublished } from './published-keys.ts'

/** The header of a proof, read: which key signed it, by its own word. */
export interface ProofHeader {
  readonly algorithm: string
  readonly jwk: JsonObject
}

/** A header whose key passed the policy and has signed at least one good proof. */
export interface ProofKey {
  readonly jkt: string
  readonly key: VerificationKey
}

/** typ exactly `dpop+jwt`, alg and jwk there and of the right type (RFC 9449 §4.2, §4.3 checks 3 and 4). */
export function readProofHeader(segment: string): ProofHeader | undefined {
  const header = decodeObject(segment)
  if (header === undefined || hasExtensions(header) || header['typ'] !== 'dpop+jwt') return undefined
  const { alg, jwk } = header
  return typeof alg === 'string' && isJsonObject(jwk) ? { algorithm: alg, jwk } : undefined
}

/** The algorithm is ours and the key fits it (RFC 9449 §4.3 checks 5 and 7), judged without importing it. */
export function checkKeyPolicy(header: ProofHeader, algorithms: readonly Algorithm[]): string | Denial {
  const algorithm = algorithms.find((name) => name === header.algorithm)
  if (algorithm === undefined) {
    return new Denial('proof_key', { algorithm: header.algorithm.slice(0, 32), hint: 'dpop.algorithms' })
  }
  if (!fitsAlgorithm(header.jwk, algorithm)) return new Denial('proof_key', { algorithm })
  const jkt = thumbprint(header.jwk)
  return isRefusedAsPublished(jkt) ? new Denial('proof_key', { cause: 'published key' }) : jkt
}

export function importProofKey(header: ProofHeader): VerificationKey | undefined {
  return importKey(header.jwk, header.algorithm as Algorithm)
}

/** Imported keys under their exact encoded header. Entered only after a good signature, so nobody else can fill it. */
export function createProofKeyCache(max: number): LRUCache<string, ProofKey> {
  return new LRUCache({ max })
}
