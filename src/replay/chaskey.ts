/**
 * Chaskey-12 (ISO/IEC 29192-6), a keyed MAC of 128 bits made for processors of 32-bit words: in JavaScript cheaper than a call
 * of a native hash. The message is a text's UTF-16 units, little-endian. It names entries of one process under a key that
 * never leaves it; it is not for anything that others verify.
 */
export interface Chaskey {
  /** The state behind a first part of the message: whole blocks of eight units. */
  absorb(blocks: string): Words
  /** The tag of a message, or of what follows an absorbed part (at least one unit). */
  tag(text: string, state?: Words): Words
}

/** 128 bits, as signed integers of 32. */
export interface Words {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

const zero: Words = { a: 0, b: 0, c: 0, d: 0 }

const unitsPerBlock = 8
const rounds = 12

export function createChaskey(key: Words): Chaskey {
  const whole = timesTwo(key)
  const padded = timesTwo(whole)

  /** With a subkey the last of the blocks ends the message. */
  function run(text: string, state: Words, blocks: number, subkey: Words | undefined): Words {
    let { a, b, c, d } = state
    const last = subkey ?? zero
    for (let block = 0; block < blocks; block++) {
      const at = block * unitsPerBlock
      a ^= wordAt(text, at)
      b ^= wordAt(text, at + 2)
      c ^= wordAt(text, at + 4)
      d ^= wordAt(text, at + 6)
      if (block === blocks - 1) {
        a ^= last.a
        b ^= last.b
        c ^= last.c
        d ^= last.d
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
    return { a: a ^ last.a, b: b ^ last.b, c: c ^ last.c, d: d ^ last.d }
  }

  return {
    absorb: (blocks) => run(blocks, key, blocks.length / unitsPerBlock, undefined),
    tag(text, state = key) {
      const blocks = Math.max(1, Math.ceil(text.length / unitsPerBlock))
      return run(text, state, blocks, text.length === blocks * unitsPerBlock ? whole : padded)
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
function timesTwo({ a, b, c, d }: Words): Words {
  return {
    a: (a << 1) ^ (d < 0 ? 0x87 : 0),
    b: (b << 1) | (a >>> 31),
    c: (c << 1) | (b >>> 31),
    d: (d << 1) | (c >>> 31),
  }
}
