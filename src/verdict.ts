import { needsOf } from './access/check.ts'
import type { Recorder } from './audit/record.ts'
import type { Attempt } from './audit/request-state.ts'
import { andThen, type MaybePromise } from './internal/maybe-promise.ts'
import { hintAtPreflight } from './internal/process-warnings.ts'
import type { Policy } from './options/policy.ts'
import { Denial } from './refusal/denial.ts'
import type { createRefuser } from './refusal/response.ts'
import type { SenderCheck } from './sender/sender.ts'
import type { Verdict } from './types/verdict.ts'

/** Step 6: the outcome of the steps becomes a verdict, and is recorded. */
export function createConclusion(
  policy: Policy,
  sender: SenderCheck,
  refuse: ReturnType<typeof createRefuser>,
  recorder: Recorder,
): (attempt: Attempt, denial: Denial | undefined) => MaybePromise<Verdict> {
  const needs = needsOf(policy.access)

  function admit(attempt: Attempt): Verdict {
    const admitted = attempt.token?.admitted
    // Unreachable while every step holds; closed should one ever fail to.
    if (admitted?.ok !== true) return refused(attempt, new Denial('token_malformed'))
    const headers = sender.headersFor(attempt)
    return headers === undefined ? admitted : { ...admitted, headers }
  }

  function refused(attempt: Attempt, denial: Denial): Verdict {
    if (denial.code === 'credentials_missing') hintAtPreflight(attempt.view)
    const nonce = sender.nonceFor(denial.code)
    return { ok: false, refusal: refuse(denial, { scheme: attempt.scheme, needs, nonce }) }
  }

  function unrecorded(attempt: Attempt): Verdict {
    const verdict = refused(attempt, new Denial('audit_unavailable'))
    void recorder.authentication(attempt, verdict, needs)
    return verdict
  }

  return function conclude(attempt, denial) {
    const verdict = denial === undefined ? admit(attempt) : refused(attempt, denial)
    const isRecorded = recorder.authentication(attempt, verdict, needs)
    return isRecorded === true ? verdict : andThen(isRecorded, (late) => (late ? verdict : unrecorded(attempt)))
  }
}
