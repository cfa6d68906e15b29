import { decodeObject, hasExtensions, signingInput, splitCompact } from '../jose/compact-jws.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { verifySignature } from '../jose/signature.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
import { AnswerError } from './bounded-fetch.ts'
import type { Keyring } from './keys.ts'

export interface SignedAnswerPolicy {
  readonly issuer: IssuerPolicy
  readonly clientId: string
  readonly keyring: Keyring
  readonly toleranceSeconds: number
  /** Wall time in milliseconds. */
  now(): number
}

/** The members of a signed introspection answer (RFC 9701 §5). Throws for anything but a good one. */
export async function readSignedAnswer(text: string, policy: SignedAnswerPolicy): Promise<JsonObject> {
  const jws = splitCompact(text)
  const header = jws && decodeObject(text, 0, jws.headerEnd)
  const payload = jws && decodeObject(text, jws.headerEnd + 1, jws.payloadEnd)
  if (jws === undefined || header === undefined || payload === undefined)
    throw new AnswerError('answered no signed JWT')
  const { typ, alg, kid } = header
  if (hasExtensions(header)) throw new AnswerError('answered a JWT with extensions')
  if (!isAnswerType(typ)) throw new AnswerError('answered a JWT of another type')
  if (!policy.issuer.algorithms.has(alg as Algorithm) || !(kid === undefined || typeof kid === 'string')) {
    throw new AnswerError('answered a JWT whose alg or kid is not accepted')
  }
  const key = await policy.keyring.find(kid, alg as Algorithm)
  if (key instanceof Denial) throw new AnswerError(`answered a JWT whose key is not there: ${key.code}`)
  if (!verifySignature(key.key, signingInput(jws), jws.signature)) {
    throw new AnswerError('answered a JWT whose signature does not hold')
  }
  return readEnvelope(payload, policy)
}

/** Media-type compare (RFC 7515 §4.1.9). */
function isAnswerType(typ: unknown): boolean {
  return typeof typ === 'string' && /^(?:application\/)?token-introspection\+jwt$/i.test(typ)
}

/** RFC 9701 §5: `iss` is the issuer, `aud` this resource server, which the issuer may know by client id or by audience. */
function readEnvelope(
  payload: JsonObject,
  { issuer, clientId, toleranceSeconds, now }: SignedAnswerPolicy,
): JsonObject {
  const { iss, aud, iat, token_introspection: members } = payload
  if (iss !== issuer.issuer) throw new AnswerError('answered a JWT of another issuer')
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const isMeant = audience.some((name) => name === clientId || issuer.audience.has(name as string))
  if (!isMeant) throw new AnswerError('answered a JWT for another resource server')
  const age = isExactNumber(iat) ? now() / 1_000 - iat : Number.NaN
  // So that an answer from before a revocation cannot be given again.
  if (!(age >= -toleranceSeconds && age <= fixed.signedAnswerSeconds + toleranceSeconds)) {
    throw new AnswerError('answered a JWT whose iat is missing, old or ahead')
  }
  if (!isJsonObject(members)) throw new AnswerError('answered a JWT without token_introspection')
  return members
}
