import { randomInt } from 'node:crypto'

/** Strings in JSON text (RFC 8259 §7), as the octets between their quotes. */

export const quote = 0x22
export const backslash = 0x5c

/** Octets of the escape at `at`, a pair of surrogates counting as one; 0 for what is no escape, and for a lone surrogate. */
export function escapeLength(octets: Buffer, at: number): number {
  const letter = octets[at + 1] as number
  if (letter !== 0x75) return shortEscapes[letter] === 0 ? 0 : 2
  const unit = hexAt(octets, at + 2)
  if (unit < 0) return 0
  if (!isSurrogate(unit)) return 6
  return isHigh(unit) && isLowEscape(octets, at + 6) ? 12 : 0
}

/** What the string reads as. It must be a valid one. */
export function textOf(octets: Buffer, start: number, end: number, hasEscape: boolean): string {
  return hasEscape
    ? (JSON.parse(octets.toString('utf8', start - 1, end + 1)) as string)
    : octets.toString('utf8', start, end)
}

/** Of what the string reads as, so that two spellings have one hash. The string must be a valid one. */
export function hashOf(octets: Buffer, start: number, end: number, hasEscape: boolean): number {
  let hash = emptyHash
  for (let at = start; at < end; ) {
    const octet = octets[at] as number
    if (hasEscape && octet === backslash) {
      hash = hashCodePoint(hash, codePointAt(octets, at))
      at += escapeLength(octets, at)
    } else {
      hash = hashOctet(hash, octet)
      at++
    }
  }
  return hash
}

/** Of a name in ASCII. */
export function hashOfName(name: string): number {
  let hash = emptyHash
  for (let at = 0; at < name.length; at++) hash = hashOctet(hash, name.charCodeAt(at))
  return hash
}

/** Secret, so that no sender can choose names with equal hashes; odd, so that no bit gets lost. */
export const hashMultiplier: number = randomInt(2 ** 30, 2 ** 32) | 1
const emptyHash = 0x2f0b4c47

function hashOctet(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, hashMultiplier)
}

/** The octets of its UTF-8 (RFC 3629 §3). */
function hashCodePoint(hash: number, point: number): number {
  if (point < 0x80) return hashOctet(hash, point)
  if (point < 0x800) return hashOctet(hashOctet(hash, 0xc0 | (point >> 6)), trailing(point))
  const last = (start: number) => hashOctet(hashOctet(start, trailing(point >> 6)), trailing(point))
  if (point < 0x10000) return last(hashOctet(hash, 0xe0 | (point >> 12)))
  return last(hashOctet(hashOctet(hash, 0xf0 | (point >> 18)), trailing(point >> 12)))
}

function trailing(bits: number): number {
  return 0x80 | (bits & 0x3f)
}

function codePointAt(octets: Buffer, at: number): number {
  const letter = octets[at + 1] as number
  if (letter !== 0x75) return shortEscapes[letter] as number
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
const shortEscapes = new Uint8Array(256)
for (const [letter = '', character = ''] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  shortEscapes[letter.charCodeAt(0)] = character.charCodeAt(0)
}
