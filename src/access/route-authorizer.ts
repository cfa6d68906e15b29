import type { AccessCase, Recorder } from '../audit/record.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
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
}

const allowed: Decision = Object.freeze({ ok: true })
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
    const made = { requirement, needs: needsOf(policy.access, requirement) }
    bound.set(requirement, made)
    return made
  }

  function decisionOn({ context, request, needs }: AccessCase, denial: Denial): Decision {
    const scheme = recorder.schemeOf(context, request) ?? (context.sender.jkt === undefined ? 'Bearer' : 'DPoP')
    const all = needsBehind(denial, guards.needsFor(request, needs))
    return { ok: false, refusal: refuse(denial, { scheme, needs: all, nonce: undefined }) }
  }

  function conclude(about: AccessCase, judgement: Judgement, ended?: Denial): MaybePromise<Decision> {
    const denial = judgement instanceof AccessDenial ? judgement : ended
    const decision = denial === undefined ? allowed : decisionOn(about, denial)
    const isRecorded = recorder.access(about, decision, ended === undefined ? judgement : undefined)
    return isRecorded === true
      ? finish(about, decision)
      : andThen(isRecorded, (late) => (late ? finish(about, decision) : unrecorded(about)))
  }

  function finish({ request, needs }: AccessCase, decision: Decision): Decision {
    if (decision.ok) guards.passed(request, needs)
    return decision
  }

  function unrecorded(about: AccessCase): Decision {
    const decision = decisionOn(about, new Denial('audit_unavailable'))
    void recorder.access(about, decision, undefined)
    return decision
  }

  return {
    authorize(context, given, request, { operation = null, hasWaited = false } = nothing) {
      const { requirement, needs } = bind(given)
      const about = { context, request, needs, operation, startedAt: recorder.startTime() }
      const judgement = checkAccess(requirement, context, request, setting)
      const settled = (late: Judgement) =>
        conclude(about, late, late instanceof AccessDenial ? undefined : recheck(context))
      if (judgement instanceof Promise) return judgement.then(settled)
      return hasWaited ? settled(judgement) : conclude(about, judgement)
    },
    challenge(given, view) {
      const { needs } = bind(given)
      const state = recorder.begin(view, view)
      const refusalFor = (denial: Denial) => refuse(denial, { scheme: undefined, needs, nonce: undefined })
      const record = (refusal: Refusal) => recorder.authentication(state, { ok: false, refusal }, needs, undefined)
      const refusal = refusalFor(new Denial('credentials_missing'))
      return andThen(record(refusal), (isRecorded) => {
        if (isRecorded) return refusal
        const unavailable = refusalFor(new Denial('audit_unavailable'))
        void record(unavailable)
        return unavailable
      })
    },
  }
}
