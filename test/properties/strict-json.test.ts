import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseBoundedObject, parseJsonObject, readMembers } from '../../src/jose/strict-json.ts'
import { WantedMembers } from '../../src/jose/wanted-members.ts'

const octetsOf = (text: string) => Buffer.from(`${text}\0`)
const bounded = (text: string) => parseBoundedObject(octetsOf(text), Buffer.byteLength(text))

/** JSON text that other programs might write: escapes, blanks and all. */
const spelled = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom('', ' ', '\n\t'), fc.boolean())
  .map(([json, blank, isEscaped]) => {
    const escaped = isEscaped ? json.replace(/[^\x20-\x7e]|(?<=")[a-z]/gu, escapeOf) : json
    return `{"x"${blank}:${blank}${escaped}${blank}}`
  })

function escapeOf(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('')
}

const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(JSON.stringify(JSON.parse(text)))

describe('strict JSON beside JSON.parse', () => {
  test('RFC 8259 §2: what JSON.parse reads is read alike', () => {
    fc.assert(
      fc.property(spelled, (text) => {
        fc.pre(isWellFormed(text) && bounded(text) !== undefined)
        expect(bounded(text)).toEqual(JSON.parse(text))
        expect(parseJsonObject(Buffer.from(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  test('RFC 8259 §2: one octet changed is refused wherever JSON.parse refuses it', () => {
    fc.assert(
      fc.property(spelled, fc.nat(), fc.integer({ min: 0, max: 127 }), (text, at, octet) => {
        const octets = Buffer.from(text)
        octets[at % octets.length] = octet
        let isJson = true
        try {
          JSON.parse(octets.toString())
        } catch {
          isJson = false
        }
        if (!isJson) expect(parseJsonObject(octets)).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  test('RFC 7515 §4: a member written twice is refused, in any spelling of its name', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 20 }), (twice, others) => {
        const members = [...new Set(others.filter((other) => other !== twice))].map(
          (other) => `${JSON.stringify(other)}:0`,
        )
        const escaped = [...twice].map(escapeOf).join('')
        const once = `{${[`"${escaped}":1`, ...members].join(',')}}`
        expect(bounded(once)).toEqual(JSON.parse(once))
        expect(bounded(`{${[`"${escaped}":1`, ...members, `${JSON.stringify(twice)}:2`].join(',')}}`)).toBeUndefined()
        expect(
          parseJsonObject(Buffer.from(`{"o":[{${[...members, `"${escaped}":1,"${escaped}":1`].join(',')}}]}`)),
        ).toBeUndefined()
      }),
    )
  })

  test('RFC 7515 §5.2: wanted members are what the whole object has', () => {
    const names = ['iss', 'exp', 'jti', 'é']
    const wanted = new WantedMembers(names.slice(0, 3))
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names, 'other'), value), fc.boolean(), (members, isEscaped) => {
        const json = JSON.stringify(members)
        const text = isEscaped ? json.replace(/(?<=")[a-z]/g, escapeOf) : json
        const read = readMembers(octetsOf(text), Buffer.byteLength(text), wanted)
        const { iss, exp, jti } = JSON.parse(text) as Record<string, unknown>
        const present = Object.entries({ iss, exp, jti }).filter(([, one]) => one !== undefined)
        expect(read).toEqual(Object.fromEntries(present))
      }),
    )
  })
})
