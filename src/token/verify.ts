import { LRUCache } from 'lru-cache'
import type { Credentials } from '../credentials.ts'
import { sealedCopy } from '../internal/freeze.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import {
  type CompactParts,
  decodeMembers,
  decodeObject,
  hasExtensions,
  signingInput,
  splitCompact,
} from '../jose/compact-jws.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { sha256 } from '../jose/sha256.ts'
import { algorithms as knownAlgorithms, verifySignature } from '../jose/signature.ts'
import { WantedMembers } from '../jose/wanted-members.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm, Clock } from '../types/options.ts'
import type { Facts } from '../types/verdict.ts'
import { readClaims, type TokenClaims } from './claims.ts'
import type { Introspection } from './introspection.ts'
import { claimsOfAnswer, rulesForAnswers, tightenClaims } from './introspection-answer.ts'
import { type Keyring, keyFacts, type TokenKey } from './keys.ts'
import { malformedTokenFacts } from './malformed.ts'
import { checkClass, isForeignType, readType } from './token-class.ts'

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
  readonly issuers: ReadonlyMap<string, IssuerPolicy>
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
  keyrings: ReadonlyMap<string, Keyring>,
  prepare: (token: VerifiedToken) => T,
  introspection?: Introspection,
): TokenVerifier<T> {
  const cache = new LRUCache<string, Entry<T>>({ max: policy.cache.tokens })
  const maxCachedMs = policy.cache.tokenSeconds * 1_000
  const opaqueIssuer = introspection?.opaqueIssuer

  function verify({ token, tokenHash }: Credentials): MaybePromise<T | Denial> {
    const nowMs = policy.clock.now()
    const entry = cache.get(tokenHash)
    if (entry !== undefined) {
      if (isUsable(entry, nowMs)) return checkLife(entry.token.claims, nowMs) ?? entry.prepared
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
    if (jws === undefined && opaqueIssuer !== undefined && !hasTwoDots(token)) {
      return verifyOpaque(opaqueIssuer, token, tokenHash)
    }
    const header = jws === undefined ? undefined : readHeader(jws)
    if (jws === undefined || header === undefined) return unlessNoToken(token, malformedToken(token))
    const unfit = checkHeader(header)
    if (unfit !== undefined) return unlessNoToken(token, unfit)
    const payload = decodeMembers(token, jws.headerEnd + 1, jws.payloadEnd, claimsBeforeSignature)
    if (payload === undefined) return unlessNoToken(token, malformedToken(token))

    const { iss, exp } = payload
    const issuer = typeof iss === 'string' ? policy.issuers.get(iss) : undefined
    const keyring = issuer === undefined ? undefined : keyrings.get(issuer.issuer)
    if (issuer === undefined || keyring === undefined) {
      return new Denial('token_issuer', { ...fact('issuer', iss), hint: 'issuer' })
    }
    const { kid } = header
    const alg = header.alg as Algorithm
    if (!issuer.types.has(readType(header.typ) as string | null)) return unacceptedType(header.typ, issuer)
    if (!issuer.algorithms.has(alg)) return unacceptedAlgorithm(alg, issuer)
    // Before the signature: an expired token is worth no cryptography.
    if (isExactNumber(exp) && isExpired(exp, nowMs)) return expired(exp, nowMs)
    return andThen(keyring.find(kid, alg), (key) => {
      if (key instanceof Denial) return key
      if (!verifySignature(key.key, signingInput(jws), jws.signature)) {
        return new Denial('token_signature', keyFacts(kid))
      }
      return admit(jws, issuer, { key, keyring }, tokenHash)
    })
  }

  /** By what no configured issuer takes, before the payload is decoded. */
  function checkHeader({ typ, alg }: TokenHeader): Denial | undefined {
    const type = readType(typ) as string | null
    const [only, another] = policy.issuers.values()
    const issuer = another === undefined ? only : undefined
    if (!some(({ types }) => types.has(type))) return unacceptedType(typ, issuer)
    return some(({ algorithms }) => algorithms.has(alg as Algorithm)) ? undefined : unacceptedAlgorithm(alg, issuer)
  }

  function some(takes: (issuer: IssuerPolicy) => boolean): boolean {
    for (const issuer of policy.issuers.values()) if (takes(issuer)) return true
    return false
  }

  /** The signature holds: what the token says may be believed, and is judged. */
  function admit(jws: CompactParts, issuer: IssuerPolicy, signer: Signer, tokenHash: string): MaybePromise<T | Denial> {
    const payload = decodeObject(jws.text, jws.headerEnd + 1, jws.payloadEnd)
    if (payload === undefined) return malformedToken(jws.text)
    const sealedPayload = sealedCopy(payload)
    const anotherClass = checkClass(sealedPayload, issuer, () =>
      sealedCopy(decodeObject(jws.text, 0, jws.headerEnd) ?? {}),
    )
    if (anotherClass !== undefined) return anotherClass
    const claims = readClaims(sealedPayload, issuer)
    if (claims instanceof Denial) return claims
    const nowMs = policy.clock.now()
    const refusal = checkClaims(claims, issuer, nowMs)
    if (refusal !== undefined) return refusal
    const id = claims.jti ?? `h:${sha256(signingInput(jws))}`
    const token = { issuer, claims, id, issuedAt: issuedAt(claims, nowMs), hash: tokenHash, tokenType: undefined }
    if (issuer.introspection?.for === 'all') return confirm(token, jws.text, signer)
    return remember(token, signer)
  }

  /** RFC 7662: the issuer says what the token means, and its answer is judged as a JWT's claims are. */
  function verifyOpaque(issuer: IssuerPolicy, token: string, tokenHash: string): MaybePromise<T | Denial> {
    if (introspection === undefined || !token68.test(token)) return new Denial('request_malformed')
    return andThen(introspection.ask(issuer, { token, tokenHash, asked: 'opaque' }), (answer) => {
      if (answer instanceof Denial) return answer
      const claims = readClaims(claimsOfAnswer(answer.members, issuer), rulesForAnswers(issuer))
      if (claims instanceof Denial) return claims
      const nowMs = policy.clock.now()
      const refusal = checkClaims(claims, issuer, nowMs)
      if (refusal !== undefined) return refusal
      const id = claims.jti ?? `h:${tokenHash}`
      const tokenType = answer.members['token_type']
      const verified = { issuer, claims, id, issuedAt: issuedAt(claims, nowMs), hash: tokenHash, tokenType }
      return remember(verified, undefined, answer)
    })
  }

  /** A JWT in which everything holds; its issuer wants to be asked about it as well. */
  function confirm(token: VerifiedToken, text: string, signer: Signer): MaybePromise<T | Denial> {
    const { issuer, hash: tokenHash } = token
    if (introspection === undefined) return new Denial('introspection_unavailable')
    return andThen(introspection.ask(issuer, { token: text, tokenHash, asked: 'jwt' }), (answer) => {
      if (answer instanceof Denial) return answer
      const claims = tightenClaims(token.claims, answer.members, issuer)
      if (claims instanceof Denial) return claims
      const refusal = checkLife(claims, policy.clock.now())
      return refusal ?? remember({ ...token, claims, tokenType: answer.members['token_type'] }, signer, answer)
    })
  }

  /** `answer`: the entry counts for as long as it. */
  function remember(token: VerifiedToken, signer: Signer | undefined, answer = unlimited): T {
    const prepared = prepare(token)
    const usableUntil = Math.min(policy.clock.monotonic() + maxCachedMs, answer.usableUntil)
    cache.set(token.hash, { token, signer, prepared, usableUntil, expiresAt: answer.expiresAt })
    return prepared
  }

  function checkClaims(claims: TokenClaims, issuer: IssuerPolicy, nowMs: number): Denial | undefined {
    return checkAudience(claims, issuer) ?? checkLife(claims, nowMs) ?? checkLifetime(claims, issuer, nowMs)
  }

  const hint = 'token.clockToleranceSeconds'

  function isExpired(exp: number, nowMs: number): boolean {
    return !(nowMs / 1_000 < exp + policy.token.toleranceSeconds)
  }

  /** `nbf` (RFC 7519 §4.1.5), and no token comes from the future. */
  function checkLife({ exp, nbf, iat }: TokenClaims, nowMs: number): Denial | undefined {
    if (isExpired(exp, nowMs)) return expired(exp, nowMs)
    const now = nowMs / 1_000
    const latest = now + policy.token.toleranceSeconds
    if (!(iat === undefined || iat <= latest))
      return new Denial('token_not_active', { claim: 'iat', iatOffset: iat - now, hint })
    if (!(nbf === undefined || nbf <= latest)) return new Denial('token_not_active', { claim: 'nbf', hint })
    return undefined
  }

  return {
    verify,
    checkLife: ({ claims }) => checkLife(claims, policy.clock.now()),
    get cachedTokens() {
      return cache.size
    },
  }
}

/** Of an entry that no introspection answer stands behind. */
const unlimited = { usableUntil: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY }

function issuedAt({ iat }: TokenClaims, nowMs: number): number {
  return iat ?? Math.floor(nowMs / 1_000)
}

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

/** What a token with an unknown value had there; its type, if that was not a string. */
function fact(name: 'typ' | 'algorithm' | 'issuer', value: unknown): Facts {
  if (value === undefined) return {}
  return { [name]: typeof value === 'string' ? value.slice(0, 256) : typeof value }
}

/** Types of another class have no option that would admit them. */
function unacceptedType(typ: unknown, issuer: IssuerPolicy | undefined): Denial {
  const type = readType(typ)
  const hint =
    issuer !== undefined && type !== undefined && !isForeignType(type) ? { hint: `${issuer.path}.dialect` } : {}
  return new Denial('token_type', { ...fact('typ', typ), ...hint })
}

/** Algorithms this package does not know, `none` among them, have no option that would admit them. */
function unacceptedAlgorithm(alg: unknown, issuer: IssuerPolicy | undefined): Denial {
  const isKnown = knownAlgorithms.includes(alg as Algorithm)
  const hint = issuer !== undefined && isKnown ? { hint: `${issuer.path}.algorithms` } : {}
  return new Denial('token_algorithm', { ...fact('algorithm', alg), ...hint })
}

function expired(exp: number, nowMs: number): Denial {
  return new Denial('token_expired', { expiredBy: nowMs / 1_000 - exp })
}

interface TokenHeader {
  readonly typ?: unknown
  readonly alg?: unknown
  readonly kid?: string
}

const headerMembers = new WantedMembers(['typ', 'alg', 'kid', 'crit', 'b64'])
const claimsBeforeSignature = new WantedMembers(['iss', 'exp'])

/** kid is a string (RFC 7515 §4.1.4); no critical extension is understood. */
function readHeader({ text, headerEnd }: CompactParts): TokenHeader | undefined {
  const header = decodeMembers(text, 0, headerEnd, headerMembers)
  if (header === undefined || hasExtensions(header)) return undefined
  return header['kid'] === undefined || typeof header['kid'] === 'string' ? (header as TokenHeader) : undefined
}

function checkAudience({ audience, clientId }: TokenClaims, issuer: IssuerPolicy): Denial | undefined {
  if (audience === undefined && clientId !== undefined && issuer.missingAudienceClients.has(clientId)) return undefined
  if (audience?.some((name) => issuer.audience.has(name))) return undefined
  return new Denial('token_audience', {
    expectedAudience: [...issuer.audience].join(' '),
    receivedAudience: (audience ?? []).join(' ').slice(0, 512),
    hint: audience === undefined ? `${issuer.path}.dangerously.allowMissingAudience` : issuer.audiencePath,
  })
}

/** Without `iat` what is left of the life has to keep to the ceiling. */
function checkLifetime({ exp, iat }: TokenClaims, issuer: IssuerPolicy, nowMs: number): Denial | undefined {
  const lifetimeSeconds = exp - (iat ?? nowMs / 1_000)
  if (lifetimeSeconds <= issuer.maxTokenSeconds) return undefined
  return new Denial('token_lifetime', { lifetimeSeconds, hint: `${issuer.path}.maxTokenSeconds` })
}
