import { decodeBase64url } from './base64url.ts'
import { type JsonObject, parseJsonObject } from './strict-json.ts'

/** A compact JWS taken apart (RFC 7515 §7.1); nothing in it is verified. */
export interface UnverifiedJws extends CompactParts {
  readonly header: JsonObject
  readonly payload: JsonObject
}

/** The whole serialisation, where its parts end, and its signature decoded. */
export interface CompactParts {
  readonly text: string
  readonly headerEnd: number
  readonly payloadEnd: number
  readonly signature: Uint8Array
}

/** Undefined unless it is three canonical base64url parts, the first two JSON objects. An empty signature is a part, too. */
export function readCompact(text: string): UnverifiedJws | undefined {
  const parts = splitCompact(text)
  if (parts === undefined) return undefined
  const { headerEnd, payloadEnd, signature } = parts
  const header = decodeObject(text, 0, headerEnd)
  if (header === undefined) return undefined
  const payload = decodeObject(text, headerEnd + 1, payloadEnd)
  return payload === undefined ? undefined : { header, payload, text, headerEnd, payloadEnd, signature }
}

/** Undefined unless there are three parts, the first two not empty, the last canonical base64url. */
export function splitCompact(text: string): CompactParts | undefined {
  const headerEnd = text.indexOf('.')
  const payloadEnd = text.indexOf('.', headerEnd + 1)
  if (headerEnd < 1 || payloadEnd <= headerEnd + 1) return undefined
  const signature = Buffer.allocUnsafe(((text.length - payloadEnd - 1) * 3) >> 2)
  // A third dot is none of the alphabet.
  if (decodeBase64url(text, payloadEnd + 1, text.length, signature) === -1) return undefined
  return { text, headerEnd, payloadEnd, signature }
}

/** Strict: canonical base64url holding one JSON object. */
export function decodeObject(text: string, start: number, end: number): JsonObject | undefined {
  const octets = end - start <= scratch.length ? scratch : Buffer.allocUnsafe(end - start)
  const length = decodeBase64url(text, start, end, octets)
  return length === -1 ? undefined : parseJsonObject(octets, length)
}

/** Nothing of it outlives one call. */
const scratch = Buffer.allocUnsafeSlow(8_192)

export function signingInput({ text, payloadEnd }: CompactParts): string {
  return text.slice(0, payloadEnd)
}

/** No extension is understood, so `crit` of any form is refused (RFC 7515 §4.1.11), and so is `b64` (RFC 7797 §7). */
export function hasExtensions(header: JsonObject): boolean {
  return Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')
}
