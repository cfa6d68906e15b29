import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStage, createTenant, held, type Stage, type Tenant } from '../unit/token/tenants.ts'
import { runs } from './rig.ts'

const names = ['acme', 'globex', 'initech'] as const
type Name = (typeof names)[number]
type Says = 'yes' | 'changed' | 'no' | 'fail'

const fresh = 300
const remembersNo = 30

const stage: Stage = await createStage()
/** Of each tenant two, which have the issuer in common, and not the keys. */
const tenants = new Map<Name, readonly [Tenant, Tenant]>()
for (const name of names) {
  const options = { maxTokenSeconds: 100_000 }
  tenants.set(name, [await createTenant(stage.forge, name, options), await createTenant(stage.forge, name, options)])
}

const name = fc.constantFrom(...names)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('request' as const), name, isCached: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      name,
      says: fc.constantFrom<Says>('yes', 'changed', 'no', 'fail'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      seconds: fc.constantFrom(0.5, 1, 29, 30, 31, 60, 239, 240, 241, 299, 300, 301, 599, 601),
    }),
  },
)

/** What was said of one issuer, by the clock of the test. */
interface Heard {
  /** The last answer that was no failure. */
  answer?: { readonly says: Exclude<Says, 'fail'>; readonly at: number }
  failedAt?: number
}

test('Resolver: no request is judged by more than the answers that were given, at any moment', () => {
  const met = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), fc.constantFrom(1, 2, 3), (steps, max) => {
      const { clock } = stage.forge
      const now = () => clock.monotonic() / 1_000
      const heard = new Map<string, Heard>(names.map((one) => [issuerOf(one), {}]))
      const says = new Map<string, Says>(names.map((one) => [issuerOf(one), 'yes']))
      let questions = 0
      const resolve = (iss: string) => {
        questions++
        const said = says.get(iss) ?? 'no'
        const about = heard.get(iss) ?? {}
        if (said === 'fail') {
          about.failedAt = now()
          throw new Error('no database')
        }
        about.answer = { says: said, at: now() }
        const pair = [...tenants.values()].find(([first]) => first.issuer === iss)
        return said === 'no' ? undefined : pair?.[said === 'yes' ? 0 : 1].options
      }
      const verifier = stage.open({ issuer: { resolve, max, freshSeconds: fresh } })
      const exp = clock.now() / 1_000 + 90_000
      const cached = new Map(names.map((one) => [one, pairOf(one)[0].token({ exp })]))

      for (const one of steps) {
        if (one.kind === 'time') clock.advance(one.seconds)
        else if (one.kind === 'answer') says.set(issuerOf(one.name), one.says)
        else {
          const before = questions
          const token = one.isCached ? (cached.get(one.name) ?? '') : pairOf(one.name)[0].token({ exp })
          const outcome = stage.judgeNow(verifier, token)
          met.add(outcome)
          const about = heard.get(issuerOf(one.name)) ?? {}
          const age = now() - (about.answer?.at ?? Number.NEGATIVE_INFINITY)
          const hasFailedSince = (about.failedAt ?? Number.NEGATIVE_INFINITY) >= now() - age
          if (outcome === held || outcome === 'token_signature') {
            expect(about.answer?.says).toBe(outcome === held ? 'yes' : 'changed')
            expect(age).toBeLessThanOrEqual(hasFailedSince ? 2 * fresh : fresh)
          } else if (outcome === 'token_issuer') {
            expect(about.answer?.says).toBe('no')
            expect(age).toBeLessThan(remembersNo)
          } else {
            expect([outcome, about.failedAt]).toEqual(['keys_unavailable', now()])
          }
          expect(questions - before).toBeLessThanOrEqual(1)
          // What was said just now is not asked about again, by any token.
          if (outcome !== 'keys_unavailable') {
            const asked = questions
            expect(stage.judgeNow(verifier, pairOf(one.name)[0].token({ exp }))).toBe(outcome)
            expect(questions).toBe(asked)
          }
        }
        expect(verifier.health().resolved?.known).toBeLessThanOrEqual(max)
      }
    }),
    runs(60),
  )
  expect([...met].sort()).toEqual(['keys_unavailable', held, 'token_issuer', 'token_signature'].sort())
})

function pairOf(one: Name): readonly [Tenant, Tenant] {
  const pair = tenants.get(one)
  if (pair === undefined) throw new Error(`no tenant ${one}`)
  return pair
}

function issuerOf(one: Name): string {
  return pairOf(one)[0].issuer
}
