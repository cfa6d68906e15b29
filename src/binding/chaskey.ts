/**
 * Chaskey-12 (ISO/IEC 29192-6), a keyed MAC of 128 bits made for processors of 32-bit words: in JavaScript a third of what one
 * call of a native hash costs. The message is a text's UTF-16 units, little-endian. It names entries of one process under
 * a key that never leaves it; it is not for anything that others verify.
 */
export interface Chaskey {
  /** The state behind a first part of the message: whole blocks of eight units. */
  absorb(blocks: string): Int32Array
  /** The tag of a message, or of what follows an absorbed part (at least one unit). Valid until the next call. */
  tag(text: string, state?: Int32Array): Int32Array
}

const unitsPerBlock = 8
const rounds = 12

/** `key`: four words of 32 bits. */
export function createChaskey(key: Int32Array): Chaskey {
  const whole = timesTwo(key)
  const padded = timesTwo(whole)
  const out = new Int32Array(4)

  /** Blocks from `at` on into `out`; with a `last` subkey the last of them ends the message. */
  function run(text: string, state: Int32Array, blocks: number, last: Int32Array | undefined): void {
    let a = state[0] as number
    let b = state[1] as number
    let c = state[2] as number
    let d = state[3] as number
    for (let block = 0; block < blocks; block++) {
      const at = block * unitsPerBlock
      a ^= wordAt(text, at)
      b ^= wordAt(text, at + 2)
      c ^= wordAt(text, at + 4)
      d ^= wordAt(text, at + 6)
      if (last !== undefined && block === blocks - 1) {
        a ^= last[0] as number
        b ^= last[1] as number
        c ^= last[2] as number
        d ^= last[3] as number
      }
      for (let round = 0; round < rounds; round++) {
        a = (a + b) | 0
        b = ((b << 5) | (b >>> 27)) ^ a
        a = (a << 16) | (a >>> 16)
        c = (c + d) | 0
        d = ((d << 8) | (d >>> 24)) ^ c
        a = (a + d) | 0
        d = ((d << 13) | (d >>> 19)) ^ a
        c = (c + b) | 0
        b = ((b << 7) | (b >>> 25)) ^ c
        c = (c << 16) | (c >>> 16)
      }
    }
    out[0] = a ^ (last?.[0] ?? 0)
    out[1] = b ^ (last?.[1] ?? 0)
    out[2] = c ^ (last?.[2] ?? 0)
    out[3] = d ^ (last?.[3] ?? 0)
  }

  return {
    absorb(blocks) {
      run(blocks, key, blocks.length / unitsPerBlock, undefined)
      return Int32Array.from(out)
    },
    tag(text, state = key) {
      const blocks = Math.max(1, Math.ceil(text.length / unitsPerBlock))
      run(text, state, blocks, text.length === blocks * unitsPerBlock ? whole : padded)
      return out
    },
  }
}

/** Two units; behind the end the padding, a one and zeros. */
function wordAt(text: string, at: number): number {
  return unitAt(text, at) | (unitAt(text, at + 1) << 16)
}

function unitAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : at === text.length ? 1 : 0
}

/** In GF(2^128), for the subkeys. */
function timesTwo(words: Int32Array): Int32Array {
  const [a = 0, b = 0, c = 0, d = 0] = words
  return Int32Array.of(
    (a << 1) ^ (d < 0 ? 0x87 : 0),
    (b << 1) | (a >>> 31),
    (c << 1) | (b >>> 31),
    (d << 1) | (c >>> 31),
  )
}
