import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeVectors } from '../../support/vectors.ts'
import { express5Door } from '../doors/express.ts'
import { fastifyDoor } from '../doors/fastify.ts'
import { type Bench, openBench } from './bench.ts'
import { otherSteps, proofSteps, reasons, type Step } from './steps.ts'

interface Checklist {
  readonly steps: readonly (Listed & { readonly n: number })[]
  readonly other_resource_server_checks: readonly (Listed & { readonly module: string })[]
}

interface Listed {
  readonly step: string
  readonly expect: string
  readonly requirement: string
}

/** The pass rule of the list: reject is 400 or 401, accept is 200 or 201. */
const passing: Readonly<Record<string, readonly number[]>> = {
  accept: [200, 201],
  reject: [400, 401],
  'reject (4xx)': [400, 401, 403, 404],
}

describeVectors('checklists', (files) => {
  const list = files.json('fapi2_resource_server.json') as Checklist
  const todo = performances(list)

  test('FAPI2-SP-FINAL: all 38 steps of the list are performed', () => {
    expect(todo).toHaveLength(38)
    expect(todo.filter(({ perform }) => perform === undefined)).toEqual([])
    expect(todo.filter(({ listed }) => passing[listed.expect] === undefined)).toEqual([])
  })

  describe.each([express5Door, fastifyDoor])('$name', (door) => {
    let bench: Bench
    beforeAll(async () => {
      bench = await openBench(door)
    })
    afterAll(() => bench.close())

    for (const { listed, name, perform, reason } of todo) {
      test(`FAPI2-SP-FINAL ${listed.requirement}: ${name}: ${listed.step}: ${listed.expect}`, async () => {
        const outcomes = (await perform?.(bench)) ?? []
        expect(outcomes.length).toBeGreaterThan(0)
        for (const { status, code } of outcomes) {
          expect(passing[listed.expect]).toContain(status)
          if (reason !== undefined) expect(code).toBe(reason)
        }
      })
    }
  })
})

interface Performance {
  readonly listed: Listed
  readonly name: string
  readonly perform: Step | undefined
  readonly reason?: string | undefined
}

function performances({ steps, other_resource_server_checks: others }: Checklist): readonly Performance[] {
  const seen = new Map<string, number>()
  return [
    ...steps.map((listed) => ({
      listed,
      name: `step ${listed.n}`,
      perform: proofSteps[listed.n],
      reason: reasons[listed.n],
    })),
    ...others.map((listed) => {
      const at = seen.get(listed.module) ?? 0
      seen.set(listed.module, at + 1)
      return { listed, name: listed.module, perform: otherSteps[listed.module]?.[at] }
    }),
  ]
}
