/** Strict base64url (RFC 4648 §5 as RFC 7515 §2 profiles it): no padding, no whitespace, no unused bits. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** By the low octet of a character: six bits, or `foreign` for what is not of the alphabet. */
const foreign = 64
const sextets = new Uint8Array(256).fill(foreign)
for (let i = 0; i < alphabet.length; i++) sextets[alphabet.charCodeAt(i)] = i

const shape = /^[A-Za-z0-9_-]*$/

/** The bits of the last character that no octet uses must be zero (RFC 4648 §3.5): else one value has several spellings. */
export function isBase64url(text: string): boolean {
  if (!shape.test(text)) return false
  const tail = text.length & 3
  const last = sextetAt(text, text.length - 1)
  return tail === 0 || (tail !== 1 && (tail === 3 ? last & 3 : last & 15) === 0)
}

/** 64 or more for a character that is not of the alphabet. */
function sextetAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return (sextets[code & 0xff] as number) | ((code >> 8) << 6)
}

/**
 * Decodes `text` from `start` to `end` to the front of `octets`, which must have room. How many octets there are; -1 unless
 * every character is of the alphabet and the end is canonical.
 */
export function decodeBase64url(text: string, start: number, end: number, octets: Buffer): number {
  if (end - start > longest) return decodeLong(text.slice(start, end), octets)
  const tail = (end - start) & 3
  const whole = end - tail
  let seen = 0
  let to = 0
  for (let at = start; at < whole; at += 4) {
    const a = sextetAt(text, at)
    const b = sextetAt(text, at + 1)
    const c = sextetAt(text, at + 2)
    const d = sextetAt(text, at + 3)
    seen |= a | b | c | d
    octets[to++] = (a << 2) | (b >> 4)
    octets[to++] = (b << 4) | (c >> 2)
    octets[to++] = (c << 6) | d
  }
  if (tail === 1) return -1
  if (tail > 1) {
    const a = sextetAt(text, whole)
    const b = sextetAt(text, whole + 1)
    const c = tail === 3 ? sextetAt(text, whole + 2) : 0
    seen |= a | b | c
    octets[to++] = (a << 2) | (b >> 4)
    if (tail === 3) octets[to++] = (b << 4) | (c >> 2)
    // As in isBase64url.
    if ((tail === 3 ? c & 3 : b & 15) !== 0) return -1
  }
  return seen < foreign ? to : -1
}

/** From here on Node, which forgives other characters, is quicker than the loop, also with encoding again to see that it forgave none. */
const longest = 512

function decodeLong(text: string, octets: Buffer): number {
  const length = octets.write(text, 'base64url')
  return octets.toString('base64url', 0, length) === text ? length : -1
}

/** Canonical base64url of exactly `octets` octets. */
export function isBase64urlOf(text: unknown, octets: number): text is string {
  return typeof text === 'string' && text.length === Math.ceil((octets * 4) / 3) && isBase64url(text)
}
