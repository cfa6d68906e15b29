import { describe, expect, test } from 'vitest'
import { readChallenges } from '../../../src/client/challenges.ts'

function plain(field: string): unknown[] {
  return readChallenges(field).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
}

describe('the challenges of an answer', () => {
  test.each<[string, string, unknown[]]>([
    ['one', 'DPoP error="x", algs="ES256 PS256"', [['dpop', { error: 'x', algs: 'ES256 PS256' }]]],
    [
      'several',
      'Bearer, DPoP a=b',
      [
        ['bearer', {}],
        ['dpop', { a: 'b' }],
      ],
    ],
    [
      'with parameters',
      'A a="1", b="2",B a="3"',
      [
        ['a', { a: '1', b: '2' }],
        ['b', { a: '3' }],
      ],
    ],
    ['quoted text', 'A b="c, B error=\\"no\\"", d=e', [['a', { b: 'c, B error="no"', d: 'e' }]]],
    ['any case, spaces', 'dpop ERROR = "x"', [['dpop', { error: 'x' }]]],
    [
      'an empty element',
      ', ,A a=b,, B',
      [
        ['a', { a: 'b' }],
        ['b', {}],
      ],
    ],
  ])('RFC 9110 §11.6.1: %s', (_name, field, expected) => {
    expect(plain(field)).toEqual(expected)
  })

  test.each([
    ['nothing', ''],
    ['a parameter without a scheme', 'error="use_dpop_nonce"'],
    ['a text that does not end', 'DPoP error="use_dpop_nonce'],
    ['half a text', 'DPoP error="'],
  ])('Client: %s says nothing', (_name, field) => {
    expect(readChallenges(field).some(({ parameters }) => parameters.has('error'))).toBe(false)
  })

  test('Client: the first of two parameters of one name counts', () => {
    expect(plain('DPoP error="a", error="b"')).toEqual([['dpop', { error: 'a' }]])
  })

  test('Client: what comes after 16 384 characters is not read', () => {
    expect(plain(`A${' '.repeat(20_000)}b="c"`)).toEqual([['a', {}]])
  })
})
