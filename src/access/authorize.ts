import type { Recorder } from '../audit/record.ts'
import type { Attempt } from '../audit/request-state.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { OptionReader } from '../internal/option-reader.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import type { createRefuser } from '../refusal/response.ts'
import type { AgentContext } from '../types/context.ts'
import type { Decision, Refusal } from '../types/verdict.ts'
import { accessTime, checkAccess, type Needs, needsOf } from './check.ts'
import { type AnyRequirement, compileRequirement, copyRule, isUnchanged, type Requirement } from './requirement.ts'

/** Step 5 for a route: its requirement, after the request as a whole was admitted. */
export interface Authorizer {
  authorize(
    context: AgentContext,
    requirement: AnyRequirement,
    request: unknown,
    attempt: Attempt | undefined,
  ): MaybePromise<Decision>
  /** The answer to a request without credentials on a route that needs some. */
  challenge(requirement: AnyRequirement, attempt: Attempt): MaybePromise<Refusal>
}

interface Compiled {
  readonly requirement: Requirement
  /** The floor's needs as well: a challenge names all that the route takes. */
  readonly needs: Needs
  /** As the object stood when it was read: it is read anew when it has changed. */
  readonly snapshot: unknown
}

const allowed: Decision = Object.freeze({ ok: true, wouldRefuse: Object.freeze([]) })

export function createAuthorizer(
  policy: Policy,
  refuse: ReturnType<typeof createRefuser>,
  recorder: Recorder,
): Authorizer {
  const known = new WeakMap<AnyRequirement, Compiled>()
  const issuers = [...policy.issuers.keys()]
  const time = accessTime(policy)

  function compile(raw: AnyRequirement): Compiled {
    const memo = known.get(raw)
    if (memo !== undefined && isUnchanged(raw, memo.snapshot)) return memo
    const read = new OptionReader()
    const requirement = compileRequirement(read, 'requirement', raw, issuers)
    if (raw === undefined) read.problem('requirement', 'is required')
    read.finish()
    const compiled = { requirement, needs: needsOf(policy.access, requirement), snapshot: copyRule(raw) }
    known.set(raw, compiled)
    return compiled
  }

  function conclude(
    denial: Denial | undefined,
    context: AgentContext,
    needs: Needs,
    attempt: Attempt | undefined,
  ): MaybePromise<Decision> {
    const scheme = attempt?.scheme ?? (context.sender.jkt === undefined ? 'Bearer' : 'DPoP')
    const decision: Decision =
      denial === undefined ? allowed : { ok: false, refusal: refuse(denial, { scheme, needs, nonce: undefined }) }
    return andThen(recorder.access(attempt, context, decision, needs), (isRecorded) =>
      isRecorded ? decision : conclude(new Denial('audit_unavailable'), context, needs, attempt),
    )
  }

  return {
    authorize(context, raw, request, attempt) {
      const { requirement, needs } = compile(raw)
      return andThen(checkAccess(requirement, context, request, time), (denial) =>
        conclude(denial, context, needs, attempt),
      )
    },
    challenge(raw, attempt) {
      const { needs } = compile(raw)
      const context = { scheme: undefined, needs, nonce: undefined }
      const verdict = { ok: false, refusal: refuse(new Denial('credentials_missing'), context) } as const
      return andThen(recorder.authentication(attempt, verdict, needs), (isRecorded) =>
        isRecorded ? verdict.refusal : refuse(new Denial('audit_unavailable'), context),
      )
    },
  }
}
