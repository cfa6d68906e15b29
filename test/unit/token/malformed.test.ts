import { describe, expect, test } from 'vitest'
import { malformedTokenFacts } from '../../../src/token/malformed.ts'
import type { Facts } from '../../../src/types/verdict.ts'
import { encode } from '../../support/bytes.ts'

const payload = encode({ iss: 'https://as.example.test' })
const factsOf = (header: unknown): Facts => malformedTokenFacts(`${encode(header as object)}.${payload}.AAAA`)

/** A header in base64url, of so many characters. */
function headerOf(length: number, members: object): string {
  const room = (length * 3) / 4 - JSON.stringify({ ...members, x: '' }).length
  return encode({ ...members, x: 'x'.repeat(room) })
}

describe('the facts of a malformed token', () => {
  test('Facts: each form has a cause of its own, which quotes nothing of the token', () => {
    const forms = {
      opaque: ['secret', 'x', ''],
      parts: ['a.b', 'a.b.c.d', 'a.b.c.d.e.f', 'a.b.c.d.e.f.g'],
      encrypted: ['a.b.c.d.e', '....', `${encode({ alg: 'dir' })}.a.b.c.d`],
      header: ['..', '!.b.c', `${encode([])}.${payload}.AAAA`, `${Buffer.from('{').toString('base64url')}.b.c`],
      payload: [`${encode({ alg: 'ES256' })}.secret.secret`, `${encode({ alg: 'ES256', kid: 'secret' })}.a.b`],
      long: [`${headerOf(516, { crit: ['x'] })}.${payload}.AAAA`],
    }
    const causes = Object.values(forms).map(
      (tokens) => new Set(tokens.map((token) => malformedTokenFacts(token).cause)),
    )
    expect(causes.map(({ size }) => size)).toEqual([1, 1, 1, 1, 1, 1])
    const all = causes.flatMap((each) => [...each])
    expect(new Set(all).size).toBe(6)
    for (const cause of all) expect(cause).toMatch(/^(?!.*secret)\w/)
  })

  test.each([
    ['crit', { crit: ['x'] }],
    ['crit', { crit: null, b64: false }],
    ['b64', { b64: true }],
    ['kid', { kid: 7 }],
    ['kid', { kid: null }],
    ['crit', { crit: [], kid: 7 }],
  ])('RFC 7515 §4.1: %s is named for the header %j', (claim, header) => {
    expect(factsOf(header)).toEqual({ claim })
  })

  test('RFC 7515 §4.1.4: a kid that is a text is not what is wrong', () => {
    expect(factsOf({ kid: 'k1' })).toEqual(factsOf({}))
    expect(factsOf({ kid: '' })).toEqual(factsOf({}))
    expect(factsOf({})).toEqual({ cause: expect.any(String) })
  })

  test('RFC 7515 §4.1.11: a header of 512 characters is read for its fault, a longer one is not', () => {
    const facts = (length: number) => malformedTokenFacts(`${headerOf(length, { crit: ['x'] })}.${payload}.AAAA`)
    expect(headerOf(512, { crit: ['x'] })).toHaveLength(512)
    expect(facts(512)).toEqual({ claim: 'crit' })
    expect(facts(516)).toEqual({ cause: expect.any(String) })
  })
})
