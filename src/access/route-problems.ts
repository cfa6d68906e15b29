import { type OptionProblem, OptionsError } from '../internal/option-reader.ts'
import { warnOfRule } from '../internal/process-warnings.ts'
import type { PartyIssuers } from './party-rule.ts'
import { problemsFor, type Requirement } from './requirement.ts'
import { type GuardedRoute, requirementsOn } from './route-summary.ts'

/** Party rules that do not fit the verifier's issuers, found when an adapter knows the routes of its app. */
export interface RouteProblems {
  /** The problems of rules not seen before, each warned of. The guard of a wrong rule answers every request with an error. */
  check(routes: readonly JudgedRoute[]): readonly OptionProblem[]
  /** Throws one OptionsError with everything found so far. */
  throwIfAny(): void
}

type JudgedRoute = Pick<GuardedRoute, 'path' | 'requirements' | 'operations'>

export function createRouteProblems(issuers: PartyIssuers): RouteProblems {
  const judged = new WeakSet<Requirement>()
  const found: OptionProblem[] = []

  function check(routes: readonly JudgedRoute[]): readonly OptionProblem[] {
    const problems: OptionProblem[] = []
    for (const route of routes) {
      for (const requirement of requirementsOn(route)) {
        if (judged.has(requirement)) continue
        judged.add(requirement)
        for (const problem of problemsFor(requirement, issuers)) {
          const message = `${problem.message} (route ${route.path})`
          problems.push({ path: problem.path, message })
          warnOfRule(problem.path, message)
        }
      }
    }
    found.push(...problems)
    return problems
  }

  return {
    check,
    throwIfAny() {
      if (found.length > 0) throw new OptionsError(found)
    },
  }
}
