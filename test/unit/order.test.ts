import { refusals } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { createOrderStage, type Fault, faults, type OrderStage } from '../support/faults.ts'

/** Faults that cannot be in one request, since each is another state of the same thing. */
const alternatives: readonly (readonly string[])[] = [
  ['cnf.kid', 'no cnf'],
  ['no certificate', 'another certificate'],
  ['a scheme not taken', 'Bearer'],
  ['no nonce', 'another nonce'],
  ['old iat', 'iat ahead'],
  ['seen', 'quota'],
  ['exp', 'lifetime'],
  ['act', 'depth', 'act.iss', 'no act'],
  ['no act', 'depth of the rule'],
]

let stage: OrderStage

beforeAll(async () => {
  stage = await createOrderStage()
})

const canMeet = (one: Fault, other: Fault) =>
  !alternatives.some((names) => names.includes(one.name) && names.includes(other.name))

describe('one thing wrong', () => {
  test('RFC 9449 §4.3: with nothing wrong the request is admitted', async () => {
    expect(await stage.codeWith()).toBe('admitted')
  })

  test.each(faults)('RFC 9449 §4.3: $name alone is $code', async (fault) => {
    expect(await stage.codeWith(fault)).toBe(fault.code)
  })
})

describe('two things wrong: the earlier is said', () => {
  /** Each with its next that it can meet. */
  const adjacent = faults.flatMap((earlier, at) => {
    const later = faults.slice(at + 1).find((fault) => canMeet(earlier, fault))
    return later === undefined ? [] : [{ earlier, later }]
  })

  test.each(adjacent)(
    'RFC 9449 §4.3: $earlier.code ($earlier.name) before $later.code ($later.name)',
    async ({ earlier, later }) => {
      expect(await stage.codeWith(earlier, later)).toBe(earlier.code)
    },
  )

  test('RFC 9449 §4.3: and so for every other pair', async () => {
    const wrong: string[] = []
    for (const [at, earlier] of faults.entries()) {
      for (const later of faults.slice(at + 2).filter((fault) => canMeet(earlier, fault))) {
        const code = await stage.codeWith(earlier, later)
        if (code !== earlier.code) wrong.push(`${earlier.name} and ${later.name}: ${code}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('RFC 8693 §4.1: of a chain malformed, too deep and foreign the first is said', async () => {
    const inner = (members: object, levels: number): object =>
      levels === 0 ? members : { sub: 'planner', act: inner(members, levels - 1) }
    const codeFor = (act: object) =>
      stage.codeWith({
        code: 'delegation_malformed',
        name: '',
        spoil: (draft) => Object.assign(draft.tokenClaims, { act }),
      })
    expect(await codeFor(inner({ sub: 1, iss: 'https://evil.test' }, 7))).toBe('delegation_malformed')
    expect(await codeFor(inner({ sub: 'x', iss: 'https://evil.test' }, 7))).toBe('delegation_too_deep')
    expect(await codeFor(inner({ sub: 'x', iss: 'https://evil.test' }, 4))).toBe('delegation_not_allowed')
  })
})

describe('the table', () => {
  test('RFC 9449 §4.3: its rows stand in the same order', () => {
    const rows = Object.keys(refusals)
    const order = [...new Set(faults.map(({ code }) => code))].map((code) => rows.indexOf(code))
    expect(order).not.toContain(-1)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  })

  test('RFC 9449 §4.3: every refusal but our own outages is among the faults', () => {
    const covered = new Set<string>(faults.map(({ code }) => code))
    const left = Object.entries(refusals).filter(([code, { status }]) => status !== 503 && !covered.has(code))
    expect(left).toEqual([])
  })
})
