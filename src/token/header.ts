import { type CompactParts, decodeMembers, hasExtensions } from '../jose/compact-jws.ts'
import { algorithms as knownAlgorithms } from '../jose/signature.ts'
import { WantedMembers } from '../jose/wanted-members.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial, FirmDenial } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
import type { Facts } from '../types/verdict.ts'
import { isForeignType, readType } from './token-class.ts'

/** The header of a token (RFC 7515 §4), judged before its payload is decoded. */
export interface TokenHeader {
  readonly typ?: unknown
  readonly alg?: unknown
  readonly kid?: string
}

const headerMembers = new WantedMembers(['typ', 'alg', 'kid', 'crit', 'b64'])

/** kid is a string (RFC 7515 §4.1.4); no critical extension is understood. */
export function readHeader({ text, headerEnd }: CompactParts): TokenHeader | undefined {
  const header = decodeMembers(text, 0, headerEnd, headerMembers)
  if (header === undefined || hasExtensions(header)) return undefined
  return header['kid'] === undefined || typeof header['kid'] === 'string' ? (header as TokenHeader) : undefined
}

/** Does the token's own issuer take this type? */
export function checkType({ typ }: TokenHeader, issuer: IssuerPolicy): Denial | undefined {
  const type = readType(typ)
  return type !== undefined && issuer.types.has(type) ? undefined : unacceptedType(typ, issuer)
}

/** Does the token's own issuer take this algorithm? */
export function checkAlgorithm({ alg }: TokenHeader, issuer: IssuerPolicy): Denial | undefined {
  return issuer.algorithms.has(alg as Algorithm) ? undefined : unacceptedAlgorithm(alg, issuer)
}

/**
 * Types of another class have no option that would admit them. `reportOnly` may overlook only those that say nothing about
 * the class: no `typ`, and `JWT`.
 */
export function unacceptedType(typ: unknown, issuer: IssuerPolicy | undefined): Denial {
  const type = readType(typ)
  const isCurable = issuer !== undefined && type !== undefined && !isForeignType(type)
  const facts = { ...unknownValue('typ', typ), ...(isCurable ? { hint: `${issuer.path}.dialect` } : {}) }
  return type === null || type === 'jwt' ? new Denial('token_type', facts) : new FirmDenial('token_type', facts)
}

/** Algorithms this package does not know, `none` among them, have no option that would admit them. */
export function unacceptedAlgorithm(alg: unknown, issuer: IssuerPolicy | undefined): Denial {
  const isKnown = knownAlgorithms.includes(alg as Algorithm)
  const hint = issuer !== undefined && isKnown ? { hint: `${issuer.path}.algorithms` } : {}
  return new Denial('token_algorithm', { ...unknownValue('algorithm', alg), ...hint })
}

/** What a token with an unknown value had there; its type, if that was not a string. */
export function unknownValue(name: 'typ' | 'algorithm' | 'issuer', value: unknown): Facts {
  if (value === undefined) return {}
  return { [name]: typeof value === 'string' ? value.slice(0, 256) : typeof value }
}
