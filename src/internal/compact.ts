import { hasCanonicalEnd } from './base64url.ts'
import { type JsonObject, parseJsonObject } from './json.ts'

/** A compact JWS taken apart (RFC 7515 §7.1); nothing in it is verified. */
export interface UnverifiedJws {
  readonly header: JsonObject
  readonly payload: JsonObject
  /** The whole serialisation, and where its parts end. */
  readonly text: string
  readonly headerEnd: number
  readonly payloadEnd: number
}

/** Undefined unless it is three canonical base64url parts, the first two JSON objects. An empty signature is a part, too. */
export function readCompact(text: string): UnverifiedJws | undefined {
  const parts = splitCompact(text)
  if (parts === undefined) return undefined
  const header = decodeObject(text.slice(0, parts.headerEnd))
  if (header === undefined) return undefined
  const payload = decodeObject(text.slice(parts.headerEnd + 1, parts.payloadEnd))
  if (payload === undefined) return undefined
  return { header, payload, text, headerEnd: parts.headerEnd, payloadEnd: parts.payloadEnd }
}

export interface CompactParts {
  readonly headerEnd: number
  readonly payloadEnd: number
}

/**
 * Where the parts end; undefined unless there are three, the first two not empty, of the right alphabet, and the end of
 * the signature is canonical. `known`: so many characters at the start need no look, they are known to be a header.
 */
export function splitCompact(text: string, known = 0): CompactParts | undefined {
  const headerEnd = text.indexOf('.', known)
  const payloadEnd = text.indexOf('.', headerEnd + 1)
  if (headerEnd < 1 || payloadEnd <= headerEnd + 1 || text.includes('.', payloadEnd + 1)) return undefined
  foreign.lastIndex = known
  return foreign.test(text) || !hasCanonicalEnd(text, payloadEnd + 1) ? undefined : { headerEnd, payloadEnd }
}

/** With `g` for its `lastIndex`, which every use sets. */
const foreign = /[^A-Za-z0-9_.-]/g

/** Strict: a segment of the right alphabet, canonical, holding one JSON object. */
export function decodeObject(segment: string): JsonObject | undefined {
  return hasCanonicalEnd(segment) ? parseJsonObject(Buffer.from(segment, 'base64url')) : undefined
}

export function signingInput(jws: { text: string; payloadEnd: number }): Buffer {
  return Buffer.from(jws.text.slice(0, jws.payloadEnd), 'latin1')
}

export function signature(jws: { text: string; payloadEnd: number }): Buffer {
  return Buffer.from(jws.text.slice(jws.payloadEnd + 1), 'base64url')
}

/** No extension is understood, so `crit` of any form is refused (RFC 7515 §4.1.11), and so is `b64` (RFC 7797 §7). */
export function hasExtensions(header: JsonObject): boolean {
  return Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')
}
