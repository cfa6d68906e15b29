import { type AllowedToken, allowanceOf } from './access/check-access.ts'
import { AccessDenial, type Judgement } from './access/judgement.ts'
import { needsBehind, needsOf } from './access/needs.ts'
import type { Recorder } from './audit/record.ts'
import type { RequestState } from './audit/request-state.ts'
import type { Contexts } from './context/agent-context.ts'
import { andThen, type MaybePromise } from './internal/maybe-promise.ts'
import type { NoAnswer } from './internal/no-answer.ts'
import { hintAtPreflight } from './internal/process-warnings.ts'
import type { Policy } from './options/policy.ts'
import { Denial, noCodes, noTime } from './refusal/denial.ts'
import type { Refuse } from './refusal/response.ts'
import { inPrecedence } from './refusal/table.ts'
import type { SenderCheck } from './sender/sender.ts'
import type { Unrevoked } from './token/revocation.ts'
import type { Verdict } from './types/verdict.ts'

/** What every step has passed. */
export type AdmittedToken = Unrevoked<AllowedToken>

/** Step 6: the outcome of the steps becomes a verdict, and is recorded. */
export function createConclusion(
  policy: Policy,
  sender: SenderCheck,
  contexts: Contexts,
  refuse: Refuse,
  recorder: Recorder,
): (state: RequestState, outcome: AdmittedToken | Denial) => MaybePromise<Verdict> {
  const needs = needsOf(policy.access)
  const hasRule = policy.access?.where !== undefined

  function admit(admitted: AdmittedToken): Verdict {
    const admission = contexts.admissionOf(admitted)
    const headers = sender.headersFor(admitted)
    const times = admitted.proof?.reported ?? noCodes
    if (headers === undefined && times.length === 0) return admission
    const wouldRefuse = times.length === 0 ? admission.wouldRefuse : inPrecedence([...times, ...admission.wouldRefuse])
    return Object.freeze({ ...admission, headers: headers ?? admission.headers, wouldRefuse })
  }

  function refused(state: RequestState, denial: Denial): Verdict {
    if (denial.code === 'credentials_missing') hintAtPreflight(state.view)
    const nonce = sender.nonceFor(denial.code)
    return { ok: false, refusal: refuse(denial, { scheme: state.scheme, needs: needsBehind(denial, needs), nonce }) }
  }

  function verdictOn(state: RequestState, outcome: AdmittedToken | Denial): Verdict {
    return outcome instanceof Denial ? refused(state, outcome) : admit(outcome)
  }

  function unrecorded(state: RequestState, { cause }: NoAnswer): Verdict {
    const verdict = refused(state, new Denial('audit_unavailable', { cause }))
    void recorder.authentication(state, verdict, needs, undefined)
    return verdict
  }

  return function conclude(state, decided) {
    let outcome = decided
    let verdict = verdictOn(state, outcome)
    // After the verdict, because its nonce needs the time as well.
    if (policy.clock.failures !== state.clockFailures) {
      outcome = noTime
      verdict = verdictOn(state, outcome)
    }
    const isRecorded = recorder.authentication(
      state,
      verdict,
      needs,
      hasRule || outcome instanceof AccessDenial ? judgementIn(outcome) : undefined,
    )
    return isRecorded === true
      ? verdict
      : andThen(isRecorded, (late) => (late === true ? verdict : unrecorded(state, late)))
  }
}

/** What the baseline gave; a denial of an earlier step is none of it. */
function judgementIn(outcome: AllowedToken | Denial): Judgement {
  if (!(outcome instanceof Denial)) return allowanceOf(outcome)
  return outcome instanceof AccessDenial ? outcome : undefined
}
