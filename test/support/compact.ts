import { createHash } from 'node:crypto'
import { type CompactParts, decodeObject, splitCompact } from '../../src/jose/compact-jws.ts'
import type { JsonObject } from '../../src/jose/strict-json.ts'

/** Compact serialisations bent by hand (RFC 7515 §7.1): what no signer would make. */

export interface Parts {
  readonly header?: string
  readonly payload?: string
  readonly signature?: string
}

/** Puts other segments in; each is taken as it stands. */
export function withParts(jws: string, parts: Parts): string {
  const [header = '', payload = '', signature = ''] = jws.split('.')
  return [parts.header ?? header, parts.payload ?? payload, parts.signature ?? signature].join('.')
}

/** A segment of exactly this text. */
export function segment(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}

/** One bit of the signature turned over; the spelling stays canonical. */
export function withBrokenSignature(jws: string): string {
  const octets = Buffer.from(jws.slice(jws.lastIndexOf('.') + 1), 'base64url')
  octets[0] = (octets[0] ?? 0) ^ 1
  return withParts(jws, { signature: octets.toString('base64url') })
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Header and payload, read strictly; undefined unless the text is three parts of which the first two are JSON objects. */
export function readCompact(text: string): (CompactParts & { header: JsonObject; payload: JsonObject }) | undefined {
  const parts = splitCompact(text)
  if (parts === undefined) return undefined
  const header = decodeObject(text, 0, parts.headerEnd)
  const payload = decodeObject(text, parts.headerEnd + 1, parts.payloadEnd)
  return header === undefined || payload === undefined ? undefined : { ...parts, header, payload }
}
