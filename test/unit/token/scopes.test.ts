import { describe, expect, test } from 'vitest'
import { ClaimFault } from '../../../src/token/faults.ts'
import { readScopes } from '../../../src/token/scopes.ts'

const carriers = ['scope', 'scp', 'scopes'] as const

/** The claim that is at fault, or the scopes. */
function scopesIn(claims: Record<string, unknown>, among: readonly (typeof carriers)[number][] = carriers) {
  try {
    return readScopes(claims, among)
  } catch (error) {
    if (error instanceof ClaimFault) return error.claim
    throw error
  }
}

describe('one claim', () => {
  test.each<readonly [claim: string, value: unknown, scopes: readonly string[]]>([
    ['scope', 'a b', ['a', 'b']],
    ['scope', '', []],
    ['scope', '/', ['/']],
    ['scp', 'a b', ['a', 'b']],
    ['scp', '', []],
    ['scp', '/', []],
    ['scp', ['a', 'b'], ['a', 'b']],
    ['scp', ['/'], ['/']],
    ['scp', [], []],
    ['scopes', ['a', 'b'], ['a', 'b']],
    ['scopes', [], []],
  ])('RFC 6749 §3.3: of %s %j', (claim, value, scopes) => {
    expect(scopesIn({ [claim]: value })).toEqual(scopes)
  })

  test.each<readonly [claim: string, values: readonly unknown[]]>([
    ['scope', [['a'], [], 'a  b', ' a', 'a "b"', 7, null]],
    ['scp', [['a', 'b c'], ['a', 7], [''], 'a  b', 7, null, {}]],
    ['scopes', ['a', '', ['a', 'b c'], ['a', 7], [''], 7, null, {}]],
  ])('RFC 6749 §3.3: %s of another form is malformed', (claim, values) => {
    for (const value of values) expect(scopesIn({ [claim]: value }), JSON.stringify(value)).toBe(claim)
  })
})

describe('several claims', () => {
  test('Dialect: only those that the dialect names count', () => {
    expect(scopesIn({ scope: 'a', scp: 'b' }, ['scp'])).toEqual(['b'])
    expect(scopesIn({ scope: 'a' }, ['scp', 'scopes'])).toEqual([])
    expect(scopesIn({})).toEqual([])
  })

  test('Dialect: they name the same scopes, in any order and number', () => {
    expect(scopesIn({ scope: 'a b', scp: ['b', 'a'], scopes: ['b', 'a', 'b'] })).toEqual(['a', 'b'])
    for (const scp of ['a', 'a c', 'a b c', '']) expect(scopesIn({ scope: 'a b', scp }), scp).toBe('scp')
    expect(scopesIn({ scope: '', scp: 'a' })).toBe('scp')
    expect(scopesIn({ scope: 'a', scp: 'a', scopes: ['b'] })).toBe('scopes')
  })
})
