import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Digest, digestOf } from '../../../src/replay/digest.ts'

const hex = ({ a, b, c, d }: Digest) => Buffer.from(Int32Array.of(a, b, c, d).buffer).toString('hex')

test('RFC 6234 §8.5: the first 128 bits of the digest of abc', () => {
  expect(hex(digestOf('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223')
})

test('REPLAY: all four words are of the SHA-256 of the text, whatever its octets are', () => {
  for (let at = 0; at < 500; at++) {
    const whole = createHash('sha256').update(`${at}`).digest('hex')
    expect(hex(digestOf(`${at}`))).toBe(whole.slice(0, 32))
  }
})

test('REPLAY: texts that differ in length, case, one character or its upper half have digests that differ', () => {
  const texts = ['', 'a', 'A', 'aa', 'a\u0001', 'a\u0000', 'a\u0000\u0000', '\u0161', 'š…', 's\u030c…', '𝄞']
  expect(new Set(texts.map((text) => hex(digestOf(text)))).size).toBe(texts.length)
})
