import { isUtf8 } from 'node:buffer'
import { JsonScanner } from './json-scanner.ts'
import { quote } from './json-string.ts'
import type { WantedMembers } from './wanted-members.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Strict JSON: UTF-8 only and no BOM (RFC 7519 §7.2), no duplicate member at any depth (RFC 7515 §4, RFC 7519 §4), no lone
 * surrogate (RFC 7493 §2.1), 256 levels at most. Every function here wants a zero octet behind the text, at `length`.
 */

/** For texts that any sender can make. */
const tokenScanner = new JsonScanner({ members: 256, values: 1_024 })

/** The object; undefined unless it is one, within the bounds of a token. */
export function parseBoundedObject(octets: Buffer, length: number): JsonObject | undefined {
  return isStrictObject(tokenScanner, octets, length) ? parse(octets, length) : undefined
}

/**
 * The wanted members of an object, without the cost of building the others; undefined as for `parseBoundedObject`. A value
 * that is an object has only its own wanted members, a list is given as an empty one.
 */
export function readMembers(octets: Buffer, length: number, wanted: WantedMembers): JsonObject | undefined {
  wanted.clear()
  if (!isStrictObject(tokenScanner, octets, length, wanted)) return undefined
  const { isAscii, hasEscape } = tokenScanner
  return membersOf({ octets, text: isAscii ? octets.toString('latin1', 0, length) : undefined, hasEscape }, wanted)
}

/** A whole document of an issuer; its size is bounded by who fetches it. */
export function parseJsonObject(document: Uint8Array): JsonObject | undefined {
  const octets = Buffer.alloc(document.length + 1)
  octets.set(document)
  // Bounds that no text of this length reaches: a value and what separates it from the next are two octets.
  const scanner = new JsonScanner({ members: document.length, values: document.length / 2 + 1 })
  return isStrictObject(scanner, octets, document.length) ? parse(octets, document.length) : undefined
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStrictObject(scanner: JsonScanner, octets: Buffer, length: number, wanted?: WantedMembers): boolean {
  return scanner.scan(octets, 0, length, wanted) && (scanner.isAscii || isUtf8(octets.subarray(0, length)))
}

function parse(octets: Buffer, length: number): JsonObject {
  return JSON.parse(octets.toString('utf8', 0, length)) as JsonObject
}

/** A text that was scanned: `text` is there if it is ASCII. */
interface Scanned {
  readonly octets: Buffer
  readonly text: string | undefined
  readonly hasEscape: boolean
}

function membersOf(scanned: Scanned, wanted: WantedMembers): JsonObject {
  const members: Record<string, unknown> = {}
  for (let index = 0; index < wanted.names.length; index++) {
    const start = wanted.startOf(index)
    if (start < 0) continue
    const name = wanted.names[index] as string
    members[name] = valueAt(scanned, start, wanted.endOf(index), wanted.nested[name])
  }
  return members
}

function valueAt(scanned: Scanned, start: number, end: number, nested: WantedMembers | undefined): unknown {
  switch (scanned.octets[start]) {
    case quote:
      return stringAt(scanned, start, end)
    case 0x7b:
      return nested === undefined ? {} : objectAt(scanned, start, end, nested)
    case 0x5b:
      return []
    case 0x74:
      return true
    case 0x66:
      return false
    case 0x6e:
      return null
    default:
      return Number(scanned.text?.slice(start, end) ?? scanned.octets.toString('latin1', start, end))
  }
}

function stringAt({ octets, text, hasEscape }: Scanned, start: number, end: number): string {
  const inner = text === undefined ? octets.toString('utf8', start + 1, end - 1) : text.slice(start + 1, end - 1)
  return hasEscape && inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner
}

function objectAt(scanned: Scanned, start: number, end: number, wanted: WantedMembers): JsonObject {
  wanted.clear()
  tokenScanner.scan(scanned.octets, start, end, wanted)
  return membersOf(scanned, wanted)
}
