import { isUtf8 } from 'node:buffer'

export type JsonObject = Readonly<Record<string, unknown>>

/** Deeper than any token needs, shallow enough for recursion. */
const maxDepth = 256

/**
 * Parses a JSON object strictly, or gives undefined: UTF-8 only and no BOM (RFC 7519 §7.2), no duplicate member at any
 * depth (RFC 7515 §4, RFC 7519 §4), no number that is infinite or beyond exact integers, no lone surrogate (RFC 7493 §2.1).
 */
export function parseJsonObject(bytes: Buffer, length: number = bytes.length): JsonObject | undefined {
  // One look at every octet: which are quotes, is there an escape, is there anything but ASCII.
  let quotes = 0
  let hasEscape = false
  let seen = 0
  for (let at = 0; at < length; at++) {
    const octet = bytes[at] as number
    seen |= octet
    if (octet === 0x22) quotes++
    else if (octet === 0x5c) hasEscape = true
  }
  const isText = seen < 0x80 || isUtf8(bytes.subarray(0, length))
  if (!isText) return undefined
  const text = bytes.toString(seen < 0x80 ? 'latin1' : 'utf8', 0, length)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  const needed = countQuotes(value, 0)
  if (Number.isNaN(needed)) return undefined
  // Without escapes every quote in the text delimits a name or a string that is still there, unless a duplicate hid one.
  if (!hasEscape) return quotes === needed ? value : undefined
  // Nor can UTF-8 without escapes hold a lone surrogate.
  return hasDuplicateMember(text) || hasLoneSurrogate(text) ? undefined : value
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Quotes the value needs in JSON text; NaN when a number in it is not acceptable, or the nesting. */
function countQuotes(value: unknown, depth: number): number {
  if (typeof value === 'string') return 2
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? 0 : Number.NaN
  if (typeof value !== 'object' || value === null) return 0
  if (depth === maxDepth) return Number.NaN
  let quotes = 0
  if (Array.isArray(value)) {
    for (const item of value) quotes += countQuotes(item, depth + 1)
    return quotes
  }
  for (const name of Object.keys(value)) quotes += 2 + countQuotes((value as JsonObject)[name], depth + 1)
  return quotes
}

/** For texts with escapes, where names must be compared as they read, not as they are written. The text is valid JSON. */
function hasDuplicateMember(text: string): boolean {
  const open: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{' || character === '[') open.push(new Set())
    else if (character === '}' || character === ']') open.pop()
    else if (character === '"') {
      const end = endOfString(text, at)
      if (isMemberName(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string
        const names = open.at(-1)
        if (names?.has(name)) return true
        names?.add(name)
      }
      at = end - 1
    }
  }
  return false
}

/** RFC 7493 §2.1. Two escapes that make one character read as one; an escaped backslash before `u` is no escape. */
function hasLoneSurrogate(text: string): boolean {
  return text.split('\\\\').some((part) => {
    const read = part.replace(surrogate, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    return /\p{Surrogate}/u.test(read)
  })
}

const surrogate = /\\u(d[89a-f][0-9a-f]{2})/gi

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function isMemberName(text: string, end: number): boolean {
  let at = end
  while (' \t\n\r'.includes(text[at] ?? ':')) at++
  return text[at] === ':'
}
