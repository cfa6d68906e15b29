import { compileRequirement, type Requirement } from '../access/requirement.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { OptionsError } from '../internal/option-reader.ts'
import type { AccessRequirement } from '../types/access.ts'
import { admissionOf, noteReported } from './admission.ts'
import type { Entry } from './answer.ts'

/** What `requireAccess` does at every door: judges an admitted request by its route's requirement. */
export interface RouteGuard<R extends object> {
  readonly requirement: Requirement
  /** Undefined where the requirement holds. Throws OptionsError for a request that no `agentAuth` has seen. */
  judge(request: R): MaybePromise<Entry | undefined>
}

/** Compiles the requirement at once, and throws OptionsError for a wrong one. */
export function createRouteGuard<R extends object>(given: AccessRequirement<R>): RouteGuard<R> {
  const requirement = compileRequirement(given)

  function judge(request: R): MaybePromise<Entry | undefined> {
    const admission = admissionOf(request)
    if (admission === undefined) {
      throw new OptionsError([{ path: 'requireAccess', message: 'needs agentAuth() before it on the same route' }])
    }
    const { verifier, verdict, view, answerOf } = admission
    if (verdict === undefined) {
      if (!requirement.isReported) return andThen(verifier.challenge(requirement, view), answerOf)
      noteReported(request, ['credentials_missing'])
      return undefined
    }
    if (!verdict.ok) return answerOf(verdict.refusal)
    return andThen(verifier.authorizeNow(verdict.context, requirement, request), (decision) => {
      if (!decision.ok) return answerOf(decision.refusal)
      noteReported(request, decision.wouldRefuse)
      return undefined
    })
  }

  return { requirement, judge }
}
