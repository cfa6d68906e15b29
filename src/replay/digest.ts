import { sha256Octets } from '../jose/sha256.ts'

/** 128 bits as four signed integers, so that comparing and storing them allocates nothing. */
export interface Digest {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

/** The first 128 bits of the SHA-256 of a text. */
export function digestOf(text: string): Digest {
  const octets = sha256Octets(text)
  return { a: wordAt(octets, 0), b: wordAt(octets, 4), c: wordAt(octets, 8), d: wordAt(octets, 12) }
}

/** Little-endian. */
function wordAt(octets: string, at: number): number {
  return (
    octets.charCodeAt(at) |
    (octets.charCodeAt(at + 1) << 8) |
    (octets.charCodeAt(at + 2) << 16) |
    (octets.charCodeAt(at + 3) << 24)
  )
}
