import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { decodeMembers, signingInput, splitCompact } from '../jose/compact-jws.ts'
import { fixed } from '../options/defaults.ts'
import type { DpopPolicy } from '../options/sender.ts'
import { Denial } from '../refusal/denial.ts'
import type { Clock } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import type { Facts } from '../types/verdict.ts'
import type { Nonces } from './nonce.ts'
import { createSignatureCheck } from './offload.ts'
import { type ProofClaims, proofMembers, readProofClaims } from './proof-claims.ts'
import {
  checkKeyPolicy,
  createProofKeyCache,
  importProofKey,
  type ProofHeader,
  type ProofKey,
  readProofHeader,
} from './proof-keys.ts'
import { isTarget, readTarget, type Target } from './proof-url.ts'

/** A proof that holds for this request, token and key; only its single use is still to be checked. */
export interface Proof {
  readonly jti: string
  /** Milliseconds since the epoch: the first moment at which this proof could have passed. */
  readonly freshFrom: number
  /** Milliseconds since the epoch: the last moment at which this proof could pass again. */
  readonly freshUntil: number
  /** The refusal of this proof once it is no longer fresh. */
  readonly staleCode: 'proof_expired' | 'nonce_invalid' | 'nonce_required'
  /** Seconds ahead of our clock. */
  readonly iatOffset: number
  readonly nonce: string | undefined
}

export interface ProofOwed {
  readonly jkt: string
  /** base64url SHA-256 of the access token. */
  readonly tokenHash: string
  readonly nowMs: number
}

export interface ProofCheck {
  check(view: RequestView, owed: ProofOwed): MaybePromise<Proof | Denial>
  readonly cachedKeys: number
}

/** The checks of RFC 9449 §4.3: everything cheap before the key is imported and the signature verified. */
export function createProofCheck(
  policy: DpopPolicy,
  nonces: Nonces | undefined,
  options: { publicUrls: readonly string[]; toleranceSeconds: number; cachedKeys: number; clock: Clock },
): ProofCheck {
  const isOnSkew = policy.freshness === 'on-skew'
  const keys = createProofKeyCache(options.cachedKeys)
  const signatures = createSignatureCheck(policy.offload, options.clock)

  function check(view: RequestView, owed: ProofOwed): MaybePromise<Proof | Denial> {
    const proof = readField(view)
    if (proof instanceof Denial) return proof
    const parts = splitCompact(proof)
    if (parts === undefined) return new Denial('proof_malformed', { cause: 'the field is not one compact JWS' })
    const known = keys.find(proof.slice(0, parts.headerEnd))
    const header = known === undefined ? readProofHeader(proof, parts.headerEnd) : undefined
    if (header instanceof Denial) return header
    const payload = decodeMembers(proof, parts.headerEnd + 1, parts.payloadEnd, proofMembers)
    if (payload === undefined) {
      return new Denial('proof_malformed', { cause: 'the payload is not base64url of one JSON object' })
    }
    const claims = readProofClaims(payload)
    if (typeof claims === 'string') return new Denial('proof_malformed', { claim: claims })

    const jkt = known?.jkt ?? checkKeyPolicy(header as ProofHeader, policy.algorithms)
    if (jkt instanceof Denial) return jkt
    if (jkt !== owed.jkt) return mismatch(owed.jkt, jkt)

    const accepted = checkNonce(claims, owed.nowMs)
    if (accepted instanceof Denial) return accepted
    const refusal = checkRequest(view, claims, owed.tokenHash) ?? checkTime(claims, accepted, owed.nowMs)
    if (refusal !== undefined) return refusal

    const key = known ?? findKey(header as ProofHeader, jkt)
    if (key === undefined) return new Denial('proof_key')
    const { peer } = view
    const verified = signatures.verify(key.key, signingInput(parts), parts.signature, peer?.connection)
    return andThen<boolean, Proof | Denial>(verified, (isGood) => {
      if (!isGood) return new Denial('proof_signature')
      if (known === undefined && parts.headerEnd <= fixed.cachedProofHeader)
        keys.add(proof.slice(0, parts.headerEnd), key)
      const until = freshUntil(claims, accepted)
      return {
        jti: claims.jti,
        freshFrom: freshFrom(claims, accepted),
        freshUntil: until,
        staleCode: staleCode(claims, accepted, until),
        iatOffset: claims.iat - owed.nowMs / 1_000,
        nonce: claims.nonce,
      }
    })
  }

  function findKey(header: ProofHeader, jkt: string): ProofKey | undefined {
    return keys.findSame(jkt, header.algorithm) ?? importProofKey(header, jkt)
  }

  function readField(view: RequestView): string | Denial {
    const lines = view.header('dpop')
    const proof = lines[0]
    if (proof === undefined) return new Denial('proof_missing')
    if (lines.length > 1) return new Denial('proof_malformed', { cause: 'several DPoP fields' })
    if (proof.length > policy.maxBytes) return new Denial('proof_malformed', { hint: 'dpop.maxBytes' })
    return proof
  }

  /** Until when the nonce is good, in milliseconds; undefined where the proof is not judged by one. */
  function checkNonce({ nonce }: ProofClaims, nowMs: number): number | undefined | Denial {
    if (nonces === undefined) return undefined
    if (nonce === undefined) return isOnSkew ? undefined : new Denial('nonce_required')
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

  function checkTime(claims: ProofClaims, nonceUntil: number | undefined, nowMs: number): Denial | undefined {
    if (!isIatJudged(nonceUntil)) return checkLimits(claims, nowMs)
    // A client is sent for a nonce only where a nonce is all that it lacks.
    if (isOnSkew) return checkLimits(claims, nowMs) ?? checkIat(claims, nowMs)
    return checkIat(claims, nowMs) ?? checkLimits(claims, nowMs)
  }

  function checkIat({ iat }: ProofClaims, nowMs: number): Denial | undefined {
    const iatOffset = iat - nowMs / 1_000
    const isOld = !(nowMs <= iatEnd(iat))
    if (!isOld && iatOffset <= policy.futureSeconds) return undefined
    if (isOnSkew) return new Denial('nonce_required', { iatOffset })
    if (isOld) return new Denial('proof_expired', { iatOffset, hint: 'dpop.maxAgeSeconds' })
    return new Denial('proof_not_active', { iatOffset, hint: 'dpop.futureSeconds' })
  }

  function checkLimits({ iat, exp, nbf }: ProofClaims, nowMs: number): Denial | undefined {
    const now = nowMs / 1_000
    const facts = () => ({ iatOffset: iat - now })
    if (exp !== undefined && !(now < exp + options.toleranceSeconds)) return new Denial('proof_expired', facts())
    if (nbf !== undefined && !(now >= nbf - options.toleranceSeconds)) return new Denial('proof_not_active', facts())
    return undefined
  }

  /**
   * The one rule from which both freshness and retention follow: a proof that is accepted now and still fresh later is still
   * remembered then. With a nonce as the only measure `iat` bounds nothing; a nonce always ends, and so does a proof's `exp`.
   */
  function freshUntil({ iat, exp }: ProofClaims, nonceUntil: number | undefined): number {
    const byIat = isIatJudged(nonceUntil) ? iatEnd(iat) : Number.POSITIVE_INFINITY
    const byExp = exp === undefined ? Number.POSITIVE_INFINITY : (exp + options.toleranceSeconds) * 1_000
    return Math.min(byIat, nonceUntil ?? Number.POSITIVE_INFINITY, byExp)
  }

  /** A store that has forgotten what was used before this moment may have forgotten this proof. */
  function freshFrom({ iat }: ProofClaims, nonceUntil: number | undefined): number {
    if (isIatJudged(nonceUntil)) return (iat - policy.futureSeconds) * 1_000
    // The slot of the nonce began then; without nonces there is no bound.
    return (nonceUntil ?? Number.NEGATIVE_INFINITY) - (policy.nonce?.seconds ?? 0) * 1_000
  }

  function isIatJudged(nonceUntil: number | undefined): boolean {
    return policy.freshness !== 'nonce' && !(isOnSkew && nonceUntil !== undefined)
  }

  function iatEnd(iat: number): number {
    return (iat + policy.maxAgeSeconds) * 1_000
  }

  function staleCode({ iat }: ProofClaims, nonceUntil: number | undefined, until: number): Proof['staleCode'] {
    if (until === nonceUntil) return 'nonce_invalid'
    return isOnSkew && nonceUntil === undefined && until === iatEnd(iat) ? 'nonce_required' : 'proof_expired'
  }

  return {
    check,
    get cachedKeys() {
      return keys.size
    },
  }
}

/** The proof was fresh when it was checked, and is no longer after a wait. */
export function staleProof({ iatOffset, staleCode }: Proof): Denial {
  return new Denial(staleCode, { iatOffset })
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
