import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { decodeMembers, signingInput, splitCompact } from '../jose/compact-jws.ts'
import { verifySignatureLater } from '../jose/signature.ts'
import { fixed } from '../options/defaults.ts'
import type { DpopPolicy } from '../options/sender.ts'
import { codesOf, Denial, Findings, strict } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
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
  /** The same, or later where `reportOnly` admits proofs that are too old. */
  readonly enforcedUntil: number
  /** What `reportOnly` overlooked in its times. Such a proof is not remembered. */
  reported: readonly RefusalCode[]
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
  /** For `explain`: the same checks, noted. No key is remembered, and a bad signature does not count towards a flood. */
  examine(view: RequestView, owed: ProofOwed, found: Findings): MaybePromise<Proof | Denial>
  readonly cachedKeys: number
}

export interface ProofSetting {
  readonly publicUrls: readonly string[]
  readonly toleranceSeconds: number
  readonly cachedKeys: number
  readonly clock: Clock
  readonly reportOnly: ReadonlySet<RefusalCode>
}

/** The checks of RFC 9449 §4.3: everything cheap before the key is imported and the signature verified. */
export function createProofCheck(policy: DpopPolicy, nonces: Nonces | undefined, options: ProofSetting): ProofCheck {
  const isOnSkew = policy.freshness === 'on-skew'
  const keys = createProofKeyCache(options.cachedKeys)
  const signatures = createSignatureCheck(policy.offload, options.clock)
  const reportedTimes = new Set(timeCodes.filter((code) => options.reportOnly.has(code)))

  function check(view: RequestView, owed: ProofOwed): MaybePromise<Proof | Denial> {
    return judge(view, owed, reportedTimes.size === 0 ? strict : new Findings(reportedTimes), true)
  }

  /** `isForUse`: not for `explain`. */
  function judge(view: RequestView, owed: ProofOwed, found: Findings, isForUse: boolean): MaybePromise<Proof | Denial> {
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
    const unfit = found.enforced(jkt instanceof Denial ? jkt : checkThumbprint(owed.jkt, jkt))
    if (unfit !== undefined) return unfit

    const nonce = checkNonce(claims, owed.nowMs)
    if (nonce instanceof Denial && found.enforced(nonce) !== undefined) return nonce
    // Behind a bad nonce that is only noted, the rest is judged as with a good one.
    const accepted = nonce instanceof Denial ? Number.POSITIVE_INFINITY : nonce
    const refusal =
      found.enforced(checkMethod(view, claims)) ??
      found.enforced(checkTarget(view, claims)) ??
      found.enforced(claims.ath === owed.tokenHash ? undefined : new Denial('proof_token_hash')) ??
      checkTime(claims, accepted, owed.nowMs, found)
    if (refusal !== undefined) return refusal
    if (jkt instanceof Denial) return jkt

    const key = known ?? findKey(header as ProofHeader, jkt)
    if (key === undefined) return new Denial('proof_key')
    const input = signingInput(parts)
    const verified = isForUse
      ? signatures.verify(key.key, input, parts.signature, view.peer?.connection)
      : verifySignatureLater(key.key, input, parts.signature)
    return andThen<boolean, Proof | Denial>(verified, (isGood) => {
      if (!isGood) return new Denial('proof_signature')
      if (isForUse && known === undefined && parts.headerEnd <= fixed.cachedProofHeader)
        keys.add(proof.slice(0, parts.headerEnd), key)
      const until = freshUntil(claims, accepted)
      const enforcedUntil = reportedTimes.has('proof_expired') ? (accepted ?? Number.POSITIVE_INFINITY) : until
      return {
        jti: claims.jti,
        freshFrom: freshFrom(claims, accepted),
        freshUntil: until,
        enforcedUntil,
        reported: codesOf(found.noted),
        staleCode: staleCode(claims, accepted, enforcedUntil),
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

  function checkTarget(view: RequestView, claims: ProofClaims): Denial | undefined {
    const target = readTarget(view.target, options.publicUrls)
    const isStrict = policy.htu === 'rfc9449' || !/[?#]/.test(claims.htu)
    if (target !== undefined && isStrict && isTarget(claims.htu, target)) return undefined
    return new Denial('proof_target', targetFacts(view.target, target, claims.htu, isStrict))
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

  function checkTime(
    claims: ProofClaims,
    nonceUntil: number | undefined,
    nowMs: number,
    found: Findings,
  ): Denial | undefined {
    if (!isIatJudged(nonceUntil)) return checkLimits(claims, nowMs, found)
    // A client is sent for a nonce only where a nonce is all that it lacks.
    if (isOnSkew) return checkLimits(claims, nowMs, found) ?? found.enforced(checkIat(claims, nowMs))
    return found.enforced(checkIat(claims, nowMs)) ?? checkLimits(claims, nowMs, found)
  }

  function checkIat({ iat }: ProofClaims, nowMs: number): Denial | undefined {
    const iatOffset = iat - nowMs / 1_000
    const isOld = !(nowMs <= iatEnd(iat))
    if (!isOld && iatOffset <= policy.futureSeconds) return undefined
    if (isOnSkew) return new Denial('nonce_required', { iatOffset })
    if (isOld) return new Denial('proof_expired', { iatOffset, hint: 'dpop.maxAgeSeconds' })
    return new Denial('proof_not_active', { iatOffset, hint: 'dpop.futureSeconds' })
  }

  function checkLimits(claims: ProofClaims, nowMs: number, found: Findings): Denial | undefined {
    return found.enforced(checkExp(claims, nowMs / 1_000)) ?? found.enforced(checkNbf(claims, nowMs / 1_000))
  }

  function checkExp({ iat, exp }: ProofClaims, now: number): Denial | undefined {
    if (exp === undefined || now < exp + options.toleranceSeconds) return undefined
    return new Denial('proof_expired', { iatOffset: iat - now })
  }

  function checkNbf({ iat, nbf }: ProofClaims, now: number): Denial | undefined {
    if (nbf === undefined || now >= nbf - options.toleranceSeconds) return undefined
    return new Denial('proof_not_active', { iatOffset: iat - now })
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
    examine: (view, owed, found) => judge(view, owed, found, false),
    get cachedKeys() {
      return keys.size
    },
  }
}

/** The refusals that `reportOnly` may overlook in a proof. */
const timeCodes = ['proof_expired', 'proof_not_active'] as const

/** The proof was fresh when it was checked, and is no longer after a wait. */
export function staleProof({ iatOffset, staleCode }: Proof): Denial {
  return new Denial(staleCode, { iatOffset })
}

/** A query may hold a secret: it is not for logs (RFC 6750 §5.3). */
function withoutQuery(target: string): string {
  return target.replace(/[?#].*$/s, '').slice(0, 1_024)
}

function checkMethod({ method }: RequestView, { htm }: ProofClaims): Denial | undefined {
  if (htm === method) return undefined
  return new Denial('proof_method', { expectedMethod: method, receivedMethod: htm.slice(0, 32) })
}

function checkThumbprint(expected: string, received: string): Denial | undefined {
  if (received === expected) return undefined
  return new Denial('binding_mismatch', {
    expectedThumbprint: expected.slice(0, 8),
    receivedThumbprint: received.slice(0, 8),
  })
}
