import { OptionsError } from 'onbehalf'
import { afterEach, expect, test, vi } from 'vitest'
import { compileRequirement } from '../../../src/access/requirement.ts'
import { createRouteProblems } from '../../../src/access/route-problems.ts'

/** Party rules that do not fit the issuers of a verifier, found in the routes of an app. */

const issuers = { configured: ['https://as.example.test'], hasOthers: false }
const wrong = compileRequirement({
  actor: { issuer: 'https://other.test' },
  principal: { issuer: 'https://third.test' },
})
const right = compileRequirement({ actor: { subject: 'travel-7' } })

afterEach(() => {
  vi.restoreAllMocks()
})

test('Access: every wrong rule of the routes is told and warned of once, with its route', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const problems = createRouteProblems(issuers)
  const found = problems.check([
    { path: '/a', requirements: [right, wrong] },
    { path: '/b', requirements: [wrong] },
  ])
  expect(found.map(({ path }) => path)).toEqual(['requirement.principal.issuer', 'requirement.actor.issuer'])
  expect(found.every(({ message }) => message.includes('/a'))).toBe(true)
  expect(warned).toHaveBeenCalledTimes(2)
  expect(problems.check([{ path: '/c', requirements: [wrong] }])).toEqual([])
})

test('Access: problems are thrown together, and only where there are some', () => {
  vi.spyOn(process, 'emitWarning').mockReturnValue()
  const problems = createRouteProblems(issuers)
  problems.check([{ path: '/a', requirements: [right] }])
  expect(() => problems.throwIfAny()).not.toThrow()
  problems.check([{ path: '/b', requirements: [wrong] }])
  let thrown: unknown
  try {
    problems.throwIfAny()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(OptionsError)
  expect((thrown as OptionsError).problems).toHaveLength(2)
})
