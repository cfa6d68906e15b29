import { LRUCache } from 'lru-cache'
import { decodeMembers, hasExtensions } from '../jose/compact-jws.ts'
import { fitsAlgorithm, keyMembers, thumbprint } from '../jose/jwk.ts'
import { importKey, type VerificationKey } from '../jose/signature.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import { WantedMembers } from '../jose/wanted-members.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
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
export function readProofHeader(proof: string, headerEnd: number): ProofHeader | Denial {
  const header = decodeMembers(proof, 0, headerEnd, headerMembers)
  if (header === undefined) {
    return new Denial('proof_malformed', { cause: 'the header is not base64url of one JSON object' })
  }
  const { typ, alg, jwk } = header
  if (hasExtensions(header)) return unfitMember(Object.hasOwn(header, 'crit') ? 'crit' : 'b64')
  if (typ !== 'dpop+jwt') return unfitMember('typ')
  if (typeof alg !== 'string') return unfitMember('alg')
  return isJsonObject(jwk) ? { algorithm: alg, jwk } : unfitMember('jwk')
}

function unfitMember(claim: string): Denial {
  return new Denial('proof_malformed', { claim })
}

const headerMembers = new WantedMembers(['typ', 'alg', 'jwk', 'crit', 'b64'], { jwk: new WantedMembers(keyMembers) })

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

/** Undefined for a point off the curve: the policy does not compute. */
export function importProofKey(header: ProofHeader, jkt: string): ProofKey | undefined {
  const key = importKey(header.jwk, header.algorithm as Algorithm)
  return key === undefined ? undefined : { jkt, key }
}

/**
 * Imported keys under their exact encoded header. A key enters only after a good signature, so only its holder can add it,
 * and takes one place however many spellings of its header there are.
 */
export interface ProofKeyCache {
  find(header: string): ProofKey | undefined
  /** The same key for the same algorithm, cached under another header. */
  findSame(jkt: string, algorithm: string): ProofKey | undefined
  add(header: string, key: ProofKey): void
  readonly size: number
}

export function createProofKeyCache(max: number): ProofKeyCache {
  const byHeader = new LRUCache<string, ProofKey>({ max })
  /** The header each key is cached under. */
  const headers = new LRUCache<string, string>({ max })
  return {
    find: (header) => byHeader.get(header),
    findSame(jkt, algorithm) {
      const header = headers.get(jkt)
      const known = header === undefined ? undefined : byHeader.get(header)
      return known?.key.algorithm === algorithm ? known : undefined
    },
    add(header, key) {
      const known = headers.get(key.jkt)
      if (known !== undefined) byHeader.delete(known)
      const copy = copyOf(header)
      byHeader.set(copy, key)
      headers.set(key.jkt, copy)
    },
    get size() {
      return byHeader.size
    },
  }
}

/** A slice keeps the whole proof alive. */
function copyOf(text: string): string {
  return Buffer.from(text).toString()
}
