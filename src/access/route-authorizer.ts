import type { AccessCase, Recorder } from '../audit/record.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import type { NoAnswer } from '../internal/no-answer.ts'
import type { Policy } from '../options/policy.ts'
import { codesOf, Denial, noCodes, noTime } from '../refusal/denial.ts'
import type { Refuse } from '../refusal/response.ts'
import type { AgentContext } from '../types/context.ts'
import type { RequestView } from '../types/request.ts'
import type { Decision, Refusal } from '../types/verdict.ts'
import type { AccessAbout } from '../types/verifier.ts'
import { accessSetting, checkAccess } from './check-access.ts'
import { AccessDenial, type Judgement } from './judgement.ts'
import { type Needs, needsBehind, needsOf } from './needs.ts'
import { createPassedGuards } from './passed-guards.ts'
import { type AnyRequirement, compileRequirement, type Requirement } from './requirement.ts'

/** Step 5 for a route: its requirement, after the request as a whole was admitted. */
export interface Authorizer {
  authorize(
    context: AgentContext,
    requirement: AnyRequirement | Requirement,
    request: unknown,
    about?: AccessAbout,
  ): MaybePromise<Decision>
  /** The answer to a request without credentials on a route that needs some. */
  challenge(requirement: AnyRequirement | Requirement, view: RequestView): MaybePromise<Refusal>
}

/** A requirement as this verifier judges it. */
interface Bound {
  readonly requirement: Requirement
  /** The baseline's needs as well: a challenge names all that the route takes. */
  readonly needs: Needs
  /** The same where the requirement is enforced; else those of the baseline alone. */
  readonly enforced: Needs
}

const allowed: Decision = Object.freeze({ ok: true, wouldRefuse: noCodes })

interface JudgedCase extends AccessCase {
  readonly enforced: Needs
  readonly isReported: boolean
}
const nothing: AccessAbout = Object.freeze({})

/** `recheck`: after a wait, is the token of this context still alive and not revoked? */
export function createAuthorizer(
  policy: Policy,
  refuse: Refuse,
  recorder: Recorder,
  recheck: (context: AgentContext) => Denial | undefined,
): Authorizer {
  const bound = new WeakMap<object, Bound>()
  const guards = createPassedGuards()
  const setting = accessSetting(policy)

  /** Throws OptionsError where a party rule does not fit this verifier's issuers. */
  function bind(given: AnyRequirement | Requirement): Bound {
    const known = bound.get(given)
    if (known !== undefined) return known
    const requirement = compileRequirement(given, setting.issuers)
    const needs = needsOf(policy.access, requirement)
    const made = { requirement, needs, enforced: requirement.isReported ? needsOf(policy.access) : needs }
    bound.set(requirement, made)
    return made
  }

  function refusedBy({ context, request, enforced }: JudgedCase, denial: Denial): Decision {
    const scheme = recorder.schemeOf(context, request) ?? (context.sender.jkt === undefined ? 'Bearer' : 'DPoP')
    const all = needsBehind(denial, guards.needsFor(request, enforced))
    return { ok: false, refusal: refuse(denial, { scheme, needs: all, nonce: undefined }) }
  }

  function conclude(about: JudgedCase, judgement: Judgement, ended?: Denial): MaybePromise<Decision> {
    const isTimeKnown = policy.clock.failures === about.clockFailures
    const refusing = judgement instanceof AccessDenial && !about.isReported ? judgement : ended
    const denial = isTimeKnown ? refusing : noTime
    const decision = denial === undefined ? admittedBy(judgement) : refusedBy(about, denial)
    const isJudged = isTimeKnown && ended === undefined
    const isRecorded = recorder.access(about, decision, isJudged ? judgement : undefined)
    return isRecorded === true
      ? finish(about, decision)
      : andThen(isRecorded, (late) => (late === true ? finish(about, decision) : unrecorded(about, late)))
  }

  function finish({ request, enforced }: JudgedCase, decision: Decision): Decision {
    if (decision.ok) guards.passed(request, enforced)
    return decision
  }

  function unrecorded(about: JudgedCase, { cause }: NoAnswer): Decision {
    const decision = refusedBy(about, new Denial('audit_unavailable', { cause }))
    void recorder.access(about, decision, undefined)
    return decision
  }

  return {
    authorize(context, given, request, { operation = null, hasWaited = false } = nothing) {
      const { requirement, needs, enforced } = bind(given)
      const { isReported } = requirement
      const about: JudgedCase = {
        context,
        request,
        needs,
        enforced,
        isReported,
        operation,
        startedAt: recorder.startTime(),
        clockFailures: policy.clock.failures,
      }
      const judgement = checkAccess(requirement, context, request, setting)
      const settled = (late: Judgement) =>
        conclude(about, late, late instanceof AccessDenial && !isReported ? undefined : recheck(context))
      if (judgement instanceof Promise) return judgement.then(settled)
      return hasWaited ? settled(judgement) : conclude(about, judgement)
    },
    challenge(given, view) {
      const { enforced: needs } = bind(given)
      const state = recorder.begin(view, view)
      const refusalFor = (denial: Denial) => refuse(denial, { scheme: undefined, needs, nonce: undefined })
      const record = (refusal: Refusal) => recorder.authentication(state, { ok: false, refusal }, needs, undefined)
      const refusal = refusalFor(new Denial('credentials_missing'))
      return andThen(record(refusal), (recorded) => {
        if (recorded === true) return refusal
        const unavailable = refusalFor(new Denial('audit_unavailable', { cause: recorded.cause }))
        void record(unavailable)
        return unavailable
      })
    },
  }
}

/** A denial that was not enforced is reported. */
function admittedBy(judgement: Judgement): Decision {
  return judgement instanceof AccessDenial ? Object.freeze({ ok: true, wouldRefuse: codesOf([judgement]) }) : allowed
}
