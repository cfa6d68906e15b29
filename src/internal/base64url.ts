/** Strict base64url (RFC 4648 §5 as RFC 7515 §2 profiles it): no padding, no whitespace, no unused bits. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const sextets = new Uint8Array(128)
for (let i = 0; i < alphabet.length; i++) sextets[alphabet.charCodeAt(i)] = i

const shape = /^[A-Za-z0-9_-]*$/

export function isBase64url(text: string): boolean {
  return shape.test(text) && hasCanonicalEnd(text)
}

/**
 * The bits of the last character that no octet uses must be zero (RFC 4648 §3.5); else one value has several spellings.
 * The alphabet is the caller's to check.
 */
export function hasCanonicalEnd(text: string, start = 0): boolean {
  const rest = (text.length - start) & 3
  if (rest === 0) return true
  if (rest === 1) return false
  return (sextetAt(text, text.length - 1) & (rest === 2 ? 15 : 3)) === 0
}

/** The six bits a character of the alphabet stands for. */
export function sextetAt(text: string, at: number): number {
  return sextets[text.charCodeAt(at)] ?? 0
}

/** Canonical base64url of exactly `octets` octets. */
export function isBase64urlOf(text: unknown, octets: number): text is string {
  return typeof text === 'string' && text.length === Math.ceil((octets * 4) / 3) && isBase64url(text)
}
