import { expect, test } from 'vitest'
import { createChaskey } from '../../../src/binding/chaskey.ts'

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

const key = new Int32Array(Uint8Array.from(Buffer.from('00112233445566778899aabbccddeeff', 'hex')).buffer)
const chaskey = createChaskey(key)
const hex = (tag: Int32Array) => Buffer.from(tag.buffer).toString('hex')

test.each(published)('ISO/IEC 29192-6: Chaskey-12 of %i octets', (octets, tag) => {
  const message = Buffer.from(Array.from({ length: octets }, (_, at) => at)).toString('utf16le')
  expect(hex(chaskey.tag(message)).slice(0, 16)).toBe(tag)
})

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
