import { decodeObject, signature, signingInput, splitCompact } from '../internal/compact.ts'
import { Denial } from '../internal/denial.ts'
import type { JsonObject } from '../internal/json.ts'
import { verifySignature } from '../internal/signature.ts'
import type { DpopPolicy } from '../options/sender.ts'
import type { Facts, RequestView } from '../types.ts'
import type { Nonces } from './nonce.ts'
import {
  checkKeyPolicy,
  createProofKeyCache,
  importProofKey,
  type ProofHeader,
  type ProofKey,
  readProofHeader,
} from './proof-keys.ts'
import { isTarget, readTarget, type Target } from './target.ts'

/** A proof that holds for this request, token and key; only its single use is still to be checked. */
export interface Proof {
  readonly jti: string
  /** Milliseconds since the epoch: the last moment at which this proof could pass again. */
  readonly freshUntil: number
  /** Seconds ahead of our clock. */
  readonly iatOffset: number
  readonly nonce: string | undefined
}

export interface ProofOwed {
  readonly jkt: string
  /** base64url SHA-256 of the access token. */
  readonly tokenHash: string
  readonly nowMs: number
  readonly memo: ProofKeyMemo
}

/** The last proof header seen with a token, and its key. */
export interface ProofKeyMemo {
  header: string
  key: ProofKey | undefined
}

export interface ProofCheck {
  check(view: RequestView, owed: ProofOwed): Proof | Denial
  readonly cachedKeys: number
}

interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath: string
  readonly nonce: string | undefined
  readonly exp: number | undefined
  readonly nbf: number | undefined
}

/** The checks of RFC 9449 §4.3: everything cheap before the key is imported and the signature verified. */
export function createProofCheck(
  policy: DpopPolicy,
  nonces: Nonces | undefined,
  options: { publicUrls: readonly string[]; toleranceSeconds: number; cachedKeys: number },
): ProofCheck {
  const cache = createProofKeyCache(options.cachedKeys)

  function check(view: RequestView, owed: ProofOwed): Proof | Denial {
    const proof = readField(view)
    if (proof instanceof Denial) return proof
    const known = knownKey(proof, owed.memo)
    const parts = splitCompact(proof, known === undefined ? 0 : owed.memo.header.length)
    if (parts === undefined) return new Denial('proof_malformed')
    const header = known === undefined ? readProofHeader(proof.slice(0, parts.headerEnd)) : undefined
    if (known === undefined && header === undefined) return new Denial('proof_malformed')
    const claims = readProofClaims(decodeObject(proof.slice(parts.headerEnd + 1, parts.payloadEnd)))
    if (claims === undefined) return new Denial('proof_malformed')

    const jkt = known?.jkt ?? checkKeyPolicy(header as ProofHeader, policy.algorithms)
    if (jkt instanceof Denial) return jkt
    if (jkt !== owed.jkt) return mismatch(owed.jkt, jkt)

    const accepted = checkNonce(claims, owed.nowMs)
    if (accepted instanceof Denial) return accepted
    const refusal = checkRequest(view, claims, owed.tokenHash) ?? checkTime(claims, owed.nowMs)
    if (refusal !== undefined) return refusal

    const key = known ?? importKnown(header as ProofHeader, jkt)
    if (key === undefined) return new Denial('proof_key')
    const jws = { text: proof, payloadEnd: parts.payloadEnd }
    if (!verifySignature(key.key, signingInput(jws), signature(jws))) return new Denial('proof_signature')
    if (known === undefined) cache.set(copyOf(proof.slice(0, parts.headerEnd)), key)
    return {
      jti: claims.jti,
      freshUntil: freshUntil(claims.iat, accepted),
      iatOffset: claims.iat - owed.nowMs / 1_000,
      nonce: claims.nonce,
    }
  }

  /** Requests of one token come under one key, most often with the same header: compared with the last before it is looked up. */
  function knownKey(proof: string, memo: ProofKeyMemo): ProofKey | undefined {
    const end = memo.header.length
    if (memo.key !== undefined && proof.charCodeAt(end) === 0x2e && proof.slice(0, end) === memo.header) return memo.key
    const header = proof.slice(0, Math.max(0, proof.indexOf('.')))
    const key = cache.get(header)
    if (key !== undefined) Object.assign(memo, { header: copyOf(header), key })
    return key
  }

  function readField(view: RequestView): string | Denial {
    const lines = view.header('dpop')
    const proof = lines[0]
    if (proof === undefined) return new Denial('proof_missing')
    if (lines.length > 1 || proof.length > policy.maxBytes) return new Denial('proof_malformed')
    return proof
  }

  /** Until when the nonce is good, in milliseconds; undefined where none is asked for. */
  function checkNonce({ nonce }: ProofClaims, nowMs: number): number | undefined | Denial {
    if (nonces === undefined) return undefined
    if (nonce === undefined) return new Denial('nonce_required')
    return nonces.validUntil(nonce, nowMs) ?? new Denial('nonce_invalid')
  }

  function checkRequest(view: RequestView, claims: ProofClaims, tokenHash: string): Denial | undefined {
    if (claims.htm !== view.method) {
      return new Denial('proof_method', { expectedMethod: view.method, receivedMethod: claims.htm.slice(0, 32) })
    }
    const target = readTarget(view.target, options.publicUrls)
    const isStrict = policy.htu === 'rfc9449' || !/[?#]/.test(claims.htu)
    if (target === undefined || !isStrict || !isTarget(claims.htu, target)) {
      return new Denial('proof_target', targetFacts(view.target, target, claims.htu, isStrict))
    }
    return claims.ath === tokenHash ? undefined : new Denial('proof_token_hash')
  }

  function targetFacts(raw: string, target: Target | undefined, htu: string, isStrict: boolean): Facts {
    const expected = target?.publicUrls.map((url) => url + target.path).join(' ') ?? 'none'
    return {
      expectedTarget: expected.slice(0, 1_024),
      receivedTarget: withoutQuery(htu),
      hint: isStrict ? 'publicUrl' : 'dpop.htu',
      ...(target === undefined ? { cause: `ambiguous request target ${JSON.stringify(withoutQuery(raw))}` } : {}),
    }
  }

  function checkTime({ iat, exp, nbf }: ProofClaims, nowMs: number): Denial | undefined {
    const now = nowMs / 1_000
    const facts = () => ({ iatOffset: iat - now })
    if (policy.freshness !== 'nonce') {
      if (!(nowMs <= freshUntil(iat, undefined))) {
        return new Denial('proof_expired', { ...facts(), hint: 'dpop.maxAgeSeconds' })
      }
      if (!(iat - now <= policy.futureSeconds)) {
        return new Denial('proof_not_active', { ...facts(), hint: 'dpop.futureSeconds' })
      }
    }
    if (exp !== undefined && !(now < exp + options.toleranceSeconds)) return new Denial('proof_expired', facts())
    if (nbf !== undefined && !(now >= nbf - options.toleranceSeconds)) return new Denial('proof_not_active', facts())
    return undefined
  }

  /**
   * The one rule from which both freshness and retention follow: accepted now and still fresh later means it is still
   * remembered then. With a nonce as the only measure `iat` bounds nothing.
   */
  function freshUntil(iat: number, nonceUntil: number | undefined): number {
    return policy.freshness === 'nonce' && nonceUntil !== undefined ? nonceUntil : (iat + policy.maxAgeSeconds) * 1_000
  }

  return {
    check,
    get cachedKeys() {
      return cache.size
    },
  }
}

/** A slice keeps the whole proof alive. */
function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

function importKnown(header: ProofHeader, jkt: string): ProofKey | undefined {
  const key = importProofKey(header)
  return key === undefined ? undefined : { jkt, key }
}

/** A query may hold a secret: it is not for logs (RFC 6750 §5.3). */
function withoutQuery(target: string): string {
  return target.replace(/[?#].*$/s, '').slice(0, 1_024)
}

function mismatch(expected: string, received: string): Denial {
  return new Denial('binding_mismatch', {
    expectedThumbprint: expected.slice(0, 8),
    receivedThumbprint: received.slice(0, 8),
  })
}

/** RFC 9449 §4.2: required members and their types. Unknown members are ignored. */
function readProofClaims(payload: JsonObject | undefined): ProofClaims | undefined {
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
