import type { Recorder } from '../audit/record.ts'
import type { RequestState } from '../audit/request-state.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import type { Refuse } from '../refusal/response.ts'
import type { AgentContext } from '../types/context.ts'
import type { Decision, Refusal } from '../types/verdict.ts'
import { accessSetting, checkAccess } from './check.ts'
import { type Needs, needsOf } from './needs.ts'
import { type AnyRequirement, compileRequirement, type Requirement } from './requirement.ts'

/** Step 5 for a route: its requirement, after the request as a whole was admitted. */
export interface Authorizer {
  authorize(
    context: AgentContext,
    requirement: AnyRequirement | Requirement,
    request: unknown,
    state: RequestState | undefined,
  ): MaybePromise<Decision>
  /** The answer to a request without credentials on a route that needs some. */
  challenge(requirement: AnyRequirement | Requirement, state: RequestState): MaybePromise<Refusal>
}

/** A requirement as this verifier judges it. */
interface Bound {
  readonly requirement: Requirement
  /** The baseline's needs as well: a challenge names all that the route takes. */
  readonly needs: Needs
}

const allowed: Decision = Object.freeze({ ok: true })

export function createAuthorizer(policy: Policy, refuse: Refuse, recorder: Recorder): Authorizer {
  const bound = new WeakMap<object, Bound>()
  const setting = accessSetting(policy)

  /** Throws OptionsError where a party rule does not fit this verifier's issuers. */
  function bind(given: AnyRequirement | Requirement): Bound {
    const known = bound.get(given)
    if (known !== undefined) return known
    const requirement = compileRequirement(given, setting.issuers)
    const made = { requirement, needs: needsOf(policy.access, requirement) }
    bound.set(requirement, made)
    return made
  }

  function conclude(
    denial: Denial | undefined,
    context: AgentContext,
    needs: Needs,
    state: RequestState | undefined,
  ): MaybePromise<Decision> {
    const scheme = state?.scheme ?? (context.sender.jkt === undefined ? 'Bearer' : 'DPoP')
    const decision: Decision =
      denial === undefined ? allowed : { ok: false, refusal: refuse(denial, { scheme, needs, nonce: undefined }) }
    return andThen(recorder.access(state, context, decision, needs), (isRecorded) =>
      isRecorded ? decision : conclude(new Denial('audit_unavailable'), context, needs, state),
    )
  }

  return {
    authorize(context, given, request, state) {
      const { requirement, needs } = bind(given)
      return andThen(checkAccess(requirement, context, request, setting), (denial) =>
        conclude(denial, context, needs, state),
      )
    },
    challenge(given, state) {
      const { needs } = bind(given)
      const answer = { scheme: undefined, needs, nonce: undefined }
      const verdict = { ok: false, refusal: refuse(new Denial('credentials_missing'), answer) } as const
      return andThen(recorder.authentication(state, verdict, needs), (isRecorded) =>
        isRecorded ? verdict.refusal : refuse(new Denial('audit_unavailable'), answer),
      )
    },
  }
}
