import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { type CompactParts, decodeMembers, signingInput } from '../jose/compact-jws.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { verifySignature } from '../jose/signature.ts'
import { WantedMembers } from '../jose/wanted-members.ts'
import { Denial, type Findings, next } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
import { checkAlgorithm, checkType, readHeader, type TokenHeader } from './header.ts'
import { keyFacts, type TokenKey } from './keys.ts'
import { checkBegin, checkEnd } from './life.ts'
import { malformedTokenFacts } from './malformed.ts'
import type { Trust } from './trust.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** Everything about a JWT that is judged before its claims may be believed (RFC 8725 §3). */

/** A JWT whose signature holds. */
export interface SignedToken {
  readonly jws: CompactParts
  readonly issuer: TrustedIssuer
  readonly key: TokenKey
}

/** When a token is read, and what is found. */
export interface Reading {
  readonly nowMs: number
  readonly toleranceSeconds: number
  readonly found: Findings
}

export function readSigned(
  token: string,
  jws: CompactParts | undefined,
  trust: Pick<Trust, 'find' | 'checkAnyType' | 'checkAnyAlgorithm'>,
  { nowMs, toleranceSeconds, found }: Reading,
): MaybePromise<SignedToken | Denial> {
  const header = jws === undefined ? undefined : readHeader(jws)
  if (jws === undefined || header === undefined) return unlessNoToken(token, malformedToken(token))
  const unfit = found.enforced(trust.checkAnyType(header)) ?? found.enforced(trust.checkAnyAlgorithm(header))
  if (unfit !== undefined) return unlessNoToken(token, unfit)
  const payload = decodeMembers(token, jws.headerEnd + 1, jws.payloadEnd, claimsBeforeSignature)
  if (payload === undefined) return unlessNoToken(token, malformedToken(token))
  const { iss, exp } = payload
  return next(trust.find(iss), (issuer) => {
    const denial =
      found.enforced(checkType(header, issuer.policy)) ??
      found.enforced(checkAlgorithm(header, issuer.policy)) ??
      // Before the signature: an expired token is worth no cryptography.
      found.enforced(isExactNumber(exp) ? checkEnd(exp, nowMs, toleranceSeconds) : undefined)
    if (denial !== undefined) return denial
    return next(checkSignature(jws, header, issuer), (key) => ({ jws, issuer, key }))
  })
}

const claimsBeforeSignature = new WantedMembers(['iss', 'exp'])

/** By the issuer's own keys alone, and never under an algorithm that was only noted. */
function checkSignature(
  jws: CompactParts,
  header: TokenHeader,
  { policy, keyring }: TrustedIssuer,
): MaybePromise<TokenKey | Denial> {
  const { kid, alg } = header
  const unacceptable = checkAlgorithm(header, policy)
  if (unacceptable !== undefined) return unacceptable
  return andThen(keyring.find(kid, alg as Algorithm), (key) => {
    if (key instanceof Denial || verifySignature(key.key, signingInput(jws), jws.signature)) return key
    return new Denial('token_signature', keyFacts(kid))
  })
}

/** For `explain`: the times of a token without a good signature are judged all the same. */
export function noteUnsignedTimes(jws: CompactParts, { nowMs, toleranceSeconds, found }: Reading): void {
  const payload = decodeMembers(jws.text, jws.headerEnd + 1, jws.payloadEnd, unsignedTimes)
  const { exp, nbf, iat } = payload ?? {}
  if (isExactNumber(exp)) found.enforced(checkEnd(exp, nowMs, toleranceSeconds))
  const begin = { nbf: isExactNumber(nbf) ? nbf : undefined, iat: isExactNumber(iat) ? iat : undefined }
  found.enforced(checkBegin(begin, nowMs, toleranceSeconds))
}

const unsignedTimes = new WantedMembers(['exp', 'nbf', 'iat'])

/** RFC 9110 §11.2. */
export function isToken68(token: string): boolean {
  return token68.test(token)
}

const token68 = /^[A-Za-z0-9\-._~+/]+=*$/

/** What was no token68 was no credential at all, whatever else would be wrong with it. */
function unlessNoToken(token: string, denial: Denial): Denial {
  return isToken68(token) ? denial : new Denial('request_malformed')
}

export function malformedToken(token: string): Denial {
  return new Denial('token_malformed', malformedTokenFacts(token))
}
