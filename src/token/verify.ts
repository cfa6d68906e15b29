import { LRUCache } from 'lru-cache'
import type { Credentials } from '../credentials.ts'
import { sealedCopy } from '../internal/freeze.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { type CompactParts, decodeMembers, decodeObject, signingInput, splitCompact } from '../jose/compact-jws.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { sha256 } from '../jose/sha256.ts'
import { verifySignature } from '../jose/signature.ts'
import type { JsonObject } from '../jose/strict-json.ts'
import { WantedMembers } from '../jose/wanted-members.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial, next } from '../refusal/denial.ts'
import type { Algorithm, Clock } from '../types/options.ts'
import { readClaims, type TokenClaims } from './claims.ts'
import { checkHeader, readHeader, type TokenHeader } from './header.ts'
import { claimsOfAnswer, rulesForAnswers, tightenClaims } from './introspection-answer.ts'
import { type Keyring, keyFacts, type TokenKey } from './keys.ts'
import { checkAudience, checkLifetime, checkTimes, expired, isExpired } from './life.ts'
import { malformedTokenFacts } from './malformed.ts'
import { checkClass, markOfAnotherClass } from './token-class.ts'
import type { Trust } from './trust.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** An access token whose signature, issuer, audience and claims held. Its life is checked on every use. */
export interface VerifiedToken {
  readonly issuer: IssuerPolicy
  readonly claims: TokenClaims
  /** `jti`, else `h:` and the SHA-256 of the signing input: an ECDSA signature has a twin over the same claims. */
  readonly id: string
  /** `iat`, else when the token was first seen. */
  readonly issuedAt: number
  /** base64url SHA-256 of the token. */
  readonly hash: string
  /** `token_type` of the introspection answer, which must fit the binding; undefined where there is none. */
  readonly tokenType: unknown
}

export interface TokenVerifier<T> {
  /** Step 2. Once a signature holds the clock is read again, because keys may have been waited for. */
  verify(credentials: Credentials): MaybePromise<T | Denial>
  /** Is the token still alive? To be asked again after a wait. */
  checkLife(token: VerifiedToken): Denial | undefined
  readonly cachedTokens: number
}

interface Entry<T> {
  readonly token: VerifiedToken
  readonly signer: Signer | undefined
  readonly prepared: T
  /** Monotonic milliseconds. */
  readonly usableUntil: number
  /** Wall milliseconds: an introspection answer does not count beyond its `exp`, not even within the tolerance. */
  readonly expiresAt: number
}

/** Whose signature a JWT has. */
interface Signer {
  readonly key: TokenKey
  readonly keyring: Keyring
}

export interface TokenPolicy {
  readonly token: { readonly toleranceSeconds: number }
  readonly cache: { readonly tokens: number; readonly tokenSeconds: number }
  readonly clock: Clock
}

/**
 * RFC 9068 §4 and RFC 8725. `prepare` derives, once per token, what the later steps need; it is remembered with the token
 * under its SHA-256. Only successes are remembered.
 */
export function createTokenVerifier<T>(
  policy: TokenPolicy,
  trust: Trust,
  prepare: (token: VerifiedToken) => T,
): TokenVerifier<T> {
  const cache = new LRUCache<string, Entry<T>>({ max: policy.cache.tokens })
  const maxCachedMs = policy.cache.tokenSeconds * 1_000
  const { toleranceSeconds } = policy.token

  function verify({ token, tokenHash }: Credentials): MaybePromise<T | Denial> {
    const nowMs = policy.clock.now()
    const entry = cache.get(tokenHash)
    if (entry !== undefined) {
      if (isUsable(entry, nowMs)) return checkTimes(entry.token.claims, nowMs, toleranceSeconds) ?? entry.prepared
      cache.delete(tokenHash)
    }
    return verifyAnew(token, tokenHash, nowMs)
  }

  function isUsable({ usableUntil, expiresAt, signer }: Entry<T>, nowMs: number): boolean {
    if (!(policy.clock.monotonic() < usableUntil && nowMs < expiresAt)) return false
    return signer === undefined || signer.keyring.vouchesFor(signer.key, nowMs)
  }

  function verifyAnew(token: string, tokenHash: string, nowMs: number): MaybePromise<T | Denial> {
    const jws = splitCompact(token)
    if (jws === undefined && trust.opaqueIssuer !== undefined && !hasTwoDots(token)) {
      return verifyOpaque(trust.opaqueIssuer, token, tokenHash)
    }
    const header = jws === undefined ? undefined : readHeader(jws)
    if (jws === undefined || header === undefined) return unlessNoToken(token, malformedToken(token))
    const unfit = trust.checkHeader(header)
    if (unfit !== undefined) return unlessNoToken(token, unfit)
    const payload = decodeMembers(token, jws.headerEnd + 1, jws.payloadEnd, claimsBeforeSignature)
    if (payload === undefined) return unlessNoToken(token, malformedToken(token))
    const { iss, exp } = payload
    return next(trust.find(iss), (issuer) => {
      const unacceptable = checkHeader(header, issuer.policy)
      if (unacceptable !== undefined) return unacceptable
      // Before the signature: an expired token is worth no cryptography.
      if (isExactNumber(exp) && isExpired(exp, nowMs, toleranceSeconds)) return expired(exp, nowMs)
      return next(checkSignature(jws, header, issuer.keyring), (key) => admit(jws, issuer, key, tokenHash))
    })
  }

  /** The signature holds: what the token says may be believed, and is judged. */
  function admit(jws: CompactParts, issuer: TrustedIssuer, key: TokenKey, tokenHash: string): MaybePromise<T | Denial> {
    const decoded = decodeObject(jws.text, jws.headerEnd + 1, jws.payloadEnd)
    if (decoded === undefined) return malformedToken(jws.text)
    const payload = sealedCopy(decoded)
    const readWholeHeader = () => sealedCopy(decodeObject(jws.text, 0, jws.headerEnd) ?? {})
    const anotherClass = checkClass(payload, issuer.policy, readWholeHeader)
    if (anotherClass !== undefined) return anotherClass
    return next(judge(payload, issuer.policy), (claims) => {
      const id = claims.jti ?? `h:${sha256(signingInput(jws))}`
      const token = verified(issuer.policy, claims, { id, hash: tokenHash, tokenType: undefined })
      const signer = { key, keyring: issuer.keyring }
      return issuer.policy.introspection?.for === 'all'
        ? confirm(token, jws.text, issuer, signer)
        : remember(token, signer)
    })
  }

  /** RFC 7662: the issuer says what the token means, and its answer is judged as a JWT's claims are. */
  function verifyOpaque(issuer: TrustedIssuer, token: string, tokenHash: string): MaybePromise<T | Denial> {
    const { policy: rules, introspection } = issuer
    if (introspection === undefined || !token68.test(token)) return new Denial('request_malformed')
    return next(introspection.ask({ token, tokenHash, asked: 'opaque' }), (answer) => {
      const mark = markOfAnotherClass(answer.members)
      if (mark !== undefined) return new Denial('token_type', { claim: mark })
      return next(judge(claimsOfAnswer(answer.members, rules), rulesForAnswers(rules)), (claims) => {
        const tokenType = answer.members['token_type']
        const id = claims.jti ?? `h:${tokenHash}`
        return remember(verified(rules, claims, { id, hash: tokenHash, tokenType }), undefined, answer)
      })
    })
  }

  /** A JWT in which everything holds; its issuer wants to be asked about it as well. */
  function confirm(
    token: VerifiedToken,
    text: string,
    { introspection }: TrustedIssuer,
    signer: Signer,
  ): MaybePromise<T | Denial> {
    if (introspection === undefined) return new Denial('introspection_unavailable')
    return next(introspection.ask({ token: text, tokenHash: token.hash, asked: 'jwt' }), (answer) =>
      next(tightenClaims(token.claims, answer.members, token.issuer), (claims) => {
        const refusal = checkTimes(claims, policy.clock.now(), toleranceSeconds)
        return refusal ?? remember({ ...token, claims, tokenType: answer.members['token_type'] }, signer, answer)
      }),
    )
  }

  function judge(payload: JsonObject, issuer: IssuerPolicy): TokenClaims | Denial {
    const claims = readClaims(payload, issuer)
    if (claims instanceof Denial) return claims
    const nowMs = policy.clock.now()
    const refusal =
      checkAudience(claims, issuer) ??
      checkTimes(claims, nowMs, toleranceSeconds) ??
      checkLifetime(claims, issuer, nowMs)
    return refusal ?? claims
  }

  function verified(
    issuer: IssuerPolicy,
    claims: TokenClaims,
    rest: Pick<VerifiedToken, 'id' | 'hash' | 'tokenType'>,
  ): VerifiedToken {
    return { issuer, claims, issuedAt: claims.iat ?? Math.floor(policy.clock.now() / 1_000), ...rest }
  }

  /** `answer`: the entry counts for as long as it. */
  function remember(token: VerifiedToken, signer: Signer | undefined, answer = unlimited): T {
    const prepared = prepare(token)
    const usableUntil = Math.min(policy.clock.monotonic() + maxCachedMs, answer.usableUntil)
    // A token that was first seen at no time would have no age.
    if (!Number.isNaN(token.issuedAt))
      cache.set(token.hash, { token, signer, prepared, usableUntil, expiresAt: answer.expiresAt })
    return prepared
  }

  return {
    verify,
    checkLife: ({ claims }) => checkTimes(claims, policy.clock.now(), toleranceSeconds),
    get cachedTokens() {
      return cache.size
    },
  }
}

const claimsBeforeSignature = new WantedMembers(['iss', 'exp'])

/** By the issuer's own keys alone. */
function checkSignature(
  jws: CompactParts,
  { kid, alg }: TokenHeader,
  keyring: Keyring,
): MaybePromise<TokenKey | Denial> {
  return andThen(keyring.find(kid, alg as Algorithm), (key) => {
    if (key instanceof Denial || verifySignature(key.key, signingInput(jws), jws.signature)) return key
    return new Denial('token_signature', keyFacts(kid))
  })
}

/** Of an entry that no introspection answer stands behind. */
const unlimited = { usableUntil: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY }

/** What has not exactly two dots is no signed JWT (RFC 7515 §7.1). */
function hasTwoDots(token: string): boolean {
  return token.split('.', 4).length === 3
}

/** RFC 9110 §11.2. */
const token68 = /^[A-Za-z0-9\-._~+/]+=*$/

/** What was no token68 was no credential at all, whatever else would be wrong with it. */
function unlessNoToken(token: string, denial: Denial): Denial {
  return token68.test(token) ? denial : new Denial('request_malformed')
}

function malformedToken(token: string): Denial {
  return new Denial('token_malformed', malformedTokenFacts(token))
}
