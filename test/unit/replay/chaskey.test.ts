import { expect, test } from 'vitest'
import { createChaskey, type Words } from '../../../src/replay/chaskey.ts'

/** The reference implementation's first 64 bits, for the messages 00, 00 01, 00 01 02 … of an even length. */
const published: readonly (readonly [octets: number, tag: string])[] = [
  [0, 'dd3e1849d6824555'],
  [2, '98fe20a343cd666f'],
  [4, '4cf04960099949f3'],
  [6, '964b0461fbe92273'],
  [8, '412d98ed936d4ab2'],
  [10, '36f88e1fda86c8ab'],
  [12, '7a7912c1999eae81'],
  [14, '7905142f3be77e67'],
  [16, 'd13970d7be9b2350'],
]

const key = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const [a, b, c, d] = [0, 4, 8, 12].map((at) => key.readInt32LE(at)) as [number, number, number, number]
const chaskey = createChaskey({ a, b, c, d })
const hex = (tag: Words) => Buffer.from(Int32Array.of(tag.a, tag.b, tag.c, tag.d).buffer).toString('hex')

test.each(published)('ISO/IEC 29192-6: Chaskey-12 of %i octets', (octets, tag) => {
  const message = Buffer.from(Array.from({ length: octets }, (_, at) => at)).toString('utf16le')
  expect(hex(chaskey.tag(message)).slice(0, 16)).toBe(tag)
})

test('ISO/IEC 29192-6: messages of many blocks agree with the definition written out on integers', () => {
  for (let units = 0; units < 40; units++) {
    const text = Array.from({ length: units }, (_, at) => String.fromCharCode(at * 1_571 + 7)).join('')
    expect(hex(chaskey.tag(text)), `${units}`).toBe(byDefinition(Buffer.from(text, 'utf16le')))
  }
})

/** The whole state as one little-endian integer, octet by octet as the standard has it. */
function byDefinition(message: Buffer): string {
  const double = (value: bigint) => BigInt.asUintN(128, (value << 1n) ^ (value >> 127n === 1n ? 0x87n : 0n))
  const number = (octets: Uint8Array) => BigInt(`0x${Buffer.from(octets).reverse().toString('hex')}`)
  const start = number(key)
  const isWhole = message.length > 0 && message.length % 16 === 0
  const subkey = isWhole ? double(start) : double(double(start))
  const ended = isWhole ? message : Buffer.concat([message, Buffer.of(1), Buffer.alloc(15 - (message.length % 16))])
  let state = start
  for (let at = 0; at < ended.length; at += 16) {
    state ^= number(ended.subarray(at, at + 16))
    state = permuted(at + 16 === ended.length ? state ^ subkey : state)
  }
  return Buffer.from((state ^ subkey).toString(16).padStart(32, '0'), 'hex')
    .reverse()
    .toString('hex')
}

function permuted(state: bigint): bigint {
  const word = (value: bigint) => BigInt.asUintN(32, value)
  const turned = (value: bigint, by: bigint) => word((value << by) | (value >> (32n - by)))
  let [a, b, c, d] = [word(state), word(state >> 32n), word(state >> 64n), word(state >> 96n)]
  for (let round = 0; round < 12; round++) {
    ;[a, c] = [word(a + b), word(c + d)]
    ;[b, d] = [turned(b, 5n) ^ a, turned(d, 8n) ^ c]
    ;[a, c] = [word(turned(a, 16n) + d), word(c + b)]
    ;[d, b] = [turned(d, 13n) ^ a, turned(b, 7n) ^ c]
    c = turned(c, 16n)
  }
  return a | (b << 32n) | (c << 64n) | (d << 96n)
}

test('ISO/IEC 29192-6: a part absorbed before gives the tag of the whole message', () => {
  const blocks = 'sixteen units !!'
  for (const rest of ['a', 'eight...', 'nine.....', 'more than sixteen units']) {
    const whole = hex(chaskey.tag(blocks + rest))
    expect(hex(chaskey.tag(rest, chaskey.absorb(blocks)))).toBe(whole)
    expect(hex(chaskey.tag(rest))).not.toBe(whole)
  }
})

test('ISO/IEC 29192-6: texts that differ in length, case, one unit or its upper half have tags that differ', () => {
  const texts = [
    '',
    'a',
    'A',
    'aa',
    'a\u0001',
    'a\u0000',
    'a\u0000\u0000',
    '\u0161',
    'eight...',
    'eight...\u0001',
    '\u2026',
  ]
  expect(new Set(texts.map((text) => hex(chaskey.tag(text)))).size).toBe(texts.length)
})
