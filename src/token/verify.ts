import { LRUCache } from 'lru-cache'
import type { Credentials } from '../credentials.ts'
import { sealedCopy } from '../internal/freeze.ts'
import type { MaybePromise } from '../internal/maybe-promise.ts'
import { type CompactParts, decodeObject, signingInput, splitCompact } from '../jose/compact-jws.ts'
import { sha256 } from '../jose/sha256.ts'
import type { JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial, Findings, next, strict } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { Clock } from '../types/options.ts'
import { readClaims, type TokenClaims } from './claims.ts'
import { claimsOfAnswer, rulesForAnswers, tightenClaims } from './introspection-answer.ts'
import type { Keyring, TokenKey } from './keys.ts'
import { checkAudience, checkBegin, checkEnd, checkLifetime, checkTimes } from './life.ts'
import { isToken68, malformedToken, noteUnsignedTimes, readSigned, type SignedToken } from './signed-token.ts'
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
  /** What `reportOnly` overlooked in it; the later steps note there what they find in the token alone. */
  readonly found: Findings
}

/** What `explain` knows of a token. The claims are there only where the signature held and they can be read. */
export interface ExaminedToken {
  readonly signature: 'held' | 'failed' | 'unknown'
  readonly token: VerifiedToken | undefined
}

export interface TokenVerifier<T> {
  /** Step 2. Once a signature holds the clock is read again, because keys may have been waited for. */
  verify(credentials: Credentials): MaybePromise<T | Denial>
  /** Is the token still alive? To be asked again after a wait. */
  checkLife(token: VerifiedToken): Denial | undefined
  /** For `explain`: the same checks, noted. Only keys of configured issuers are fetched. */
  examine(credentials: Credentials, found: Findings): Promise<ExaminedToken>
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
  readonly reportOnly: ReadonlySet<RefusalCode>
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
  const openFindings = () => (policy.reportOnly.size === 0 ? strict : new Findings(policy.reportOnly))

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
    const asked = opaqueIssuer(token, jws)
    if (asked !== undefined) return verifyOpaque(asked, token, tokenHash)
    const found = openFindings()
    return next(readSigned(token, jws, trust, { nowMs, toleranceSeconds, found }), (signed) =>
      next(admit(signed, tokenHash, found), (verified) => {
        const { jws, issuer, key } = signed
        const signer = { key, keyring: issuer.keyring }
        return issuer.policy.introspection?.for === 'all'
          ? confirm(verified, jws.text, issuer, signer)
          : remember(verified, signer)
      }),
    )
  }

  /** Who is asked about an opaque token; what has not exactly two dots is no signed JWT (RFC 7515 §7.1). */
  function opaqueIssuer(token: string, jws: CompactParts | undefined): TrustedIssuer | undefined {
    return jws === undefined && token.split('.', 4).length !== 3 ? trust.opaqueIssuer : undefined
  }

  /** The signature holds: what the token says may be believed, and is judged. */
  function admit({ jws, issuer }: SignedToken, tokenHash: string, found: Findings): VerifiedToken | Denial {
    const decoded = decodeObject(jws.text, jws.headerEnd + 1, jws.payloadEnd)
    if (decoded === undefined) return malformedToken(jws.text)
    const payload = sealedCopy(decoded)
    const readWholeHeader = () => sealedCopy(decodeObject(jws.text, 0, jws.headerEnd) ?? {})
    const anotherClass = checkClass(payload, issuer.policy, readWholeHeader)
    if (anotherClass !== undefined) return anotherClass
    const claims = judge(payload, issuer.policy, found)
    if (claims instanceof Denial) return claims
    const id = claims.jti ?? `h:${sha256(signingInput(jws))}`
    return verified(issuer.policy, claims, { id, hash: tokenHash, tokenType: undefined, found })
  }

  /** Nothing is remembered, no issuer is asked about the token, and no resolver about the issuer. */
  async function examine({ token, tokenHash }: Credentials, found: Findings): Promise<ExaminedToken> {
    const jws = splitCompact(token)
    if (!isToken68(token)) found.note(new Denial('request_malformed'))
    if (!isToken68(token) || opaqueIssuer(token, jws) !== undefined) return unsigned
    const reading = { nowMs: policy.clock.now(), toleranceSeconds, found }
    const find = (iss: unknown) => trust.findConfigured(iss) ?? notAsked
    const signed = await readSigned(token, jws, { ...trust, find }, reading)
    if (signed instanceof Denial) {
      if (signed !== notAsked) found.note(signed)
      if (jws !== undefined) noteUnsignedTimes(jws, reading)
      return signed.code === 'token_signature' ? { signature: 'failed', token: undefined } : unsigned
    }
    const admitted = admit(signed, tokenHash, found)
    if (!(admitted instanceof Denial)) return { signature: 'held', token: admitted }
    found.note(admitted)
    return { signature: 'held', token: undefined }
  }

  /** RFC 7662: the issuer says what the token means, and its answer is judged as a JWT's claims are. */
  function verifyOpaque(issuer: TrustedIssuer, token: string, tokenHash: string): MaybePromise<T | Denial> {
    const { policy: rules, introspection } = issuer
    if (introspection === undefined || !isToken68(token)) return new Denial('request_malformed')
    const found = openFindings()
    return next(introspection.ask({ token, tokenHash, asked: 'opaque' }), (answer) => {
      const mark = markOfAnotherClass(answer.members)
      if (mark !== undefined) return new Denial('token_type', { claim: mark })
      return next(judge(claimsOfAnswer(answer.members, rules), rulesForAnswers(rules), found), (claims) => {
        const tokenType = answer.members['token_type']
        const id = claims.jti ?? `h:${tokenHash}`
        return remember(verified(rules, claims, { id, hash: tokenHash, tokenType, found }), undefined, answer)
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

  function judge(payload: JsonObject, issuer: IssuerPolicy, found: Findings): TokenClaims | Denial {
    const claims = readClaims(payload, issuer, found)
    if (claims instanceof Denial) return claims
    const nowMs = policy.clock.now()
    const refusal =
      found.enforced(checkAudience(claims, issuer)) ??
      found.enforced(checkEnd(claims.exp, nowMs, toleranceSeconds)) ??
      found.enforced(checkBegin(claims, nowMs, toleranceSeconds)) ??
      found.enforced(checkLifetime(claims, issuer, nowMs))
    return refusal ?? claims
  }

  function verified(
    issuer: IssuerPolicy,
    claims: TokenClaims,
    rest: Pick<VerifiedToken, 'id' | 'hash' | 'tokenType' | 'found'>,
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
    examine,
    checkLife: ({ claims }) => checkTimes(claims, policy.clock.now(), toleranceSeconds),
    get cachedTokens() {
      return cache.size
    },
  }
}

/** Of an entry that no introspection answer stands behind. */
const unlimited = { usableUntil: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY }

const unsigned: ExaminedToken = { signature: 'unknown', token: undefined }

/** Only a resolver could tell whether the issuer is trusted. */
const notAsked = new Denial('token_issuer')
