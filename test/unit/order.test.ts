import { refusals } from 'onbehalf'
import { beforeAll, describe, expect, test } from 'vitest'
import { canMeet, createOrderStage, faults, type OrderStage } from './order-faults.ts'

let stage: OrderStage

beforeAll(async () => {
  stage = await createOrderStage()
})

describe('one thing wrong', () => {
  test('ORDER: with nothing wrong the request is admitted', async () => {
    expect(await stage.codeWith()).toBe('admitted')
  })

  test.each(faults)('ORDER: $name alone is $code', async (fault) => {
    expect(await stage.codeWith(fault)).toBe(fault.code)
  })
})

describe('two things wrong: the earlier refusal is given', () => {
  /** Each fault with the next one that the same request can have. */
  const adjacent = faults.flatMap((earlier, at) => {
    const later = faults.slice(at + 1).find((fault) => canMeet(earlier, fault))
    return later === undefined ? [] : [{ earlier, later }]
  })

  test.each(adjacent)(
    'ORDER: $earlier.code ($earlier.name) before $later.code ($later.name)',
    async ({ earlier, later }) => {
      expect(await stage.codeWith(earlier, later)).toBe(earlier.code)
    },
  )

  test('ORDER: of every other pair, too, the earlier refusal is given', async () => {
    const wrong: string[] = []
    for (const [at, earlier] of faults.entries()) {
      for (const later of faults.slice(at + 2).filter((fault) => canMeet(earlier, fault))) {
        const code = await stage.codeWith(earlier, later)
        if (code !== earlier.code) wrong.push(`${earlier.name} and ${later.name}: ${code}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('ORDER: a chain that is malformed, too deep and foreign is refused in that order', async () => {
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
  test('ORDER: the table of refusals lists them in the same order', () => {
    const rows = Object.keys(refusals)
    const order = [...new Set(faults.map(({ code }) => code))].map((code) => rows.indexOf(code))
    expect(order).not.toContain(-1)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  })

  test('ORDER: the faults cover every refusal but our own outages', () => {
    const covered = new Set<string>(faults.map(({ code }) => code))
    const left = Object.entries(refusals).filter(([code, { status }]) => status !== 503 && !covered.has(code))
    expect(left).toEqual([])
  })
})
