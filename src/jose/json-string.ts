import { randomInt } from 'node:crypto'

/** Strings in JSON text (RFC 8259 §7), as the octets between their quotes. */

export const quote = 0x22
export const backslash = 0x5c

/** Octets of the Unicode escape at `at`, a pair of surrogates counting as one; 0 if there is none or half a pair. */
export function escapeLength(octets: Buffer, at: number): number {
  const unit = octets[at + 1] === 0x75 ? hexAt(octets, at + 2) : -1
  if (unit < 0) return 0
  if (!isSurrogate(unit)) return 6
  return isHigh(unit) && isLowEscape(octets, at + 6) ? 12 : 0
}

/** What the string that starts here reads as. It must be a valid one. */
export function textUpToQuote(octets: Buffer, start: number): string {
  let end = start
  while (octets[end] !== quote) end += octets[end] === backslash ? 2 : 1
  return JSON.parse(octets.toString('utf8', start - 1, end + 1)) as string
}

/**
 * Names are hashed as the UTF-8 of what they read as, so that two spellings have one hash. Each step is a bijection of the
 * hash before it: one name has as many hashes as there are objects.
 */
export function hashOctet(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, multiplier)
}

/** The hash of an empty name in the object of this number. */
export function seedOf(object: number): number {
  return Math.imul(object, 0x9e3779b1)
}

/** Of a name in ASCII in the first object. */
export function hashOfName(name: string): number {
  let hash = seedOf(1)
  for (let at = 0; at < name.length; at++) hash = hashOctet(hash, name.charCodeAt(at))
  return hash
}

/** Secret, so that no sender can choose names with equal hashes; odd, so that no bit gets lost. */
const multiplier = randomInt(2 ** 30, 2 ** 32) | 1
/** The octets of its UTF-8 (RFC 3629 §3). */
export function hashCodePoint(hash: number, point: number): number {
  if (point < 0x80) return hashOctet(hash, point)
  if (point < 0x800) return hashOctet(hashOctet(hash, 0xc0 | (point >> 6)), trailing(point))
  const last = (start: number) => hashOctet(hashOctet(start, trailing(point >> 6)), trailing(point))
  if (point < 0x10000) return last(hashOctet(hash, 0xe0 | (point >> 12)))
  return last(hashOctet(hashOctet(hash, 0xf0 | (point >> 18)), trailing(point >> 12)))
}

function trailing(bits: number): number {
  return 0x80 | (bits & 0x3f)
}

/** Of the Unicode escape at `at`, which must be a good one. */
export function codePointAt(octets: Buffer, at: number): number {
  const unit = hexAt(octets, at + 2)
  return isSurrogate(unit) ? 0x10000 + ((unit & 0x3ff) << 10) + (hexAt(octets, at + 8) & 0x3ff) : unit
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}

function isLowEscape(octets: Buffer, at: number): boolean {
  return octets[at] === backslash && octets[at + 1] === 0x75 && (hexAt(octets, at + 2) & ~0x3ff) === 0xdc00
}

/** Four hexadecimal digits; negative if they are not there. */
function hexAt(octets: Buffer, at: number): number {
  let unit = 0
  for (let i = 0; i < 4; i++) unit = (unit << 4) | (hexDigits[octets[at + i] as number] as number)
  return unit
}

const hexDigits = new Int8Array(256).fill(-1)
for (const digit of '0123456789abcdefABCDEF') hexDigits[digit.charCodeAt(0)] = Number.parseInt(digit, 16)

/** What the letter behind a backslash stands for; 0 if for nothing. */
export const shortEscapes: Uint8Array = new Uint8Array(256)
for (const [letter = '', character = ''] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  shortEscapes[letter.charCodeAt(0)] = character.charCodeAt(0)
}
