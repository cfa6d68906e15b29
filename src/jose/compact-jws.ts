import { decodeBase64url } from './base64url.ts'
import { type JsonObject, parseBoundedObject, readMembers } from './strict-json.ts'
import type { WantedMembers } from './wanted-members.ts'

/** A compact JWS (RFC 7515 §7.1): the whole text, where its parts end, and its signature decoded. Nothing is verified. */
export interface CompactParts {
  readonly text: string
  readonly headerEnd: number
  readonly payloadEnd: number
  readonly signature: Uint8Array
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

/** Canonical base64url of one strict JSON object. Undefined for anything else. */
export function decodeObject(text: string, start: number, end: number): JsonObject | undefined {
  const octets = roomFor(end - start)
  const length = decodeBase64url(text, start, end, octets)
  if (length === -1) return undefined
  octets[length] = 0
  return parseBoundedObject(octets, length)
}

/** The same, but only the wanted members are built: what a stranger adds to them costs no more than its octets. */
export function decodeMembers(text: string, start: number, end: number, wanted: WantedMembers): JsonObject | undefined {
  const octets = roomFor(end - start)
  const length = decodeBase64url(text, start, end, octets)
  if (length === -1) return undefined
  octets[length] = 0
  return readMembers(octets, length, wanted)
}

function roomFor(characters: number): Buffer {
  return characters <= scratch.length ? scratch : Buffer.allocUnsafe(characters)
}

/** Nothing of it outlives one call. Octets are fewer than characters, so that the zero behind them has room. */
const scratch = Buffer.allocUnsafeSlow(8_192)

export function signingInput({ text, payloadEnd }: CompactParts): string {
  return text.slice(0, payloadEnd)
}

/** No extension is understood, so `crit` of any form is refused (RFC 7515 §4.1.11), and so is `b64` (RFC 7797 §7). */
export function hasExtensions(header: JsonObject): boolean {
  return Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')
}
