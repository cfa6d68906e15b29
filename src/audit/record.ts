import { channel } from 'node:diagnostics_channel'
import type { Judged } from '../access/judgement.ts'
import type { Needs } from '../access/needs.ts'
import type { Contexts } from '../context/agent-context.ts'
import type { Scheme } from '../credentials.ts'
import { recordTime } from '../internal/clock.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import type { Examination } from '../observe/examine.ts'
import type { Policy } from '../options/policy.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { SenderCheck } from '../sender/sender.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { AgentContext } from '../types/context.ts'
import type { Clock } from '../types/options.ts'
import type { RequestView } from '../types/request.ts'
import type { Decision, Refusal, Verdict } from '../types/verdict.ts'
import type { Health } from '../types/verifier.ts'
import { accessEvent, authenticationEvent, type Outcome, observedEvent } from './event.ts'
import { describeProof } from './proof-result.ts'
import { RequestState } from './request-state.ts'
import { createAuditedRequests } from './requests.ts'
import { createAuditSinks, type Recorded } from './sinks.ts'

/** Every refusal is published here: `{ refusal, event }`. */
const refusalChannel = channel('onbehalf:refusal')
/** Every admitted request is published here: `{ context, event }`. */
const admissionChannel = channel('onbehalf:admission')

/** An access decision about to be recorded. */
export interface AccessCase {
  readonly context: AgentContext
  /** As it was given to `authorize`. */
  readonly request: unknown
  readonly startedAt: number | undefined
  /** How often the clock had failed before. */
  readonly clockFailures: number
  readonly needs: Needs
  /** For `request.operation` of the event. */
  readonly operation: string | null
}

/** Records decisions. No event is built until somebody listens. An answer but true: it must be recorded and could not be. */
export interface Recorder {
  begin(view: RequestView, request: object): RequestState
  /** The monotonic time, where anybody listens. */
  startTime(): number | undefined
  authentication(
    state: RequestState,
    verdict: Verdict,
    needs: Needs,
    judged: Judged | undefined,
  ): MaybePromise<Recorded>
  access(about: AccessCase, decision: Decision, judged: Judged | undefined): MaybePromise<Recorded>
  /** A request that was judged beside another guard. */
  observed(view: RequestView, examination: Examination, startedAt: number | undefined): void
  /** How often each check was overlooked. */
  readonly reported: Health['reported']
  /** The scheme of the request that a context came with; undefined where it follows from the binding of the token. */
  schemeOf(context: AgentContext, request: unknown): Scheme | undefined
  readonly counts: Health['audit']
  close(timeoutMs: number): Promise<void>
}

export function createRecorder(
  policy: Policy,
  contexts: Contexts,
  isCertificateIgnored: SenderCheck['isCertificateIgnored'],
): Recorder {
  const { clock } = policy
  const sinks = createAuditSinks(policy)
  const requests = createAuditedRequests()
  const reported = new Map<RefusalCode, number>()

  const isWatched = () => sinks.areThere || refusalChannel.hasSubscribers || admissionChannel.hasSubscribers

  function startTime(): number | undefined {
    return isWatched() ? clock.monotonic() : undefined
  }

  function outcomeOf(
    refusal: Refusal | undefined,
    judged: Judged | undefined,
    scopesRequired: readonly string[],
    startedAt: number | undefined,
  ): Outcome {
    const durationMicros = startedAt === undefined ? 0 : microsSince(startedAt, clock)
    const time = recordTime(clock)
    return { refusal, judged, time, durationMicros, scopesRequired, issuers: policy.issuers }
  }

  function countReported(decision: Verdict | Decision): void {
    if (!decision.ok || decision.wouldRefuse.length === 0) return
    for (const code of decision.wouldRefuse) reported.set(code, (reported.get(code) ?? 0) + 1)
  }

  /** Published once it is recorded: what a required sink fails to take ends as another decision. */
  function emit(event: AuditEvent, publish: () => void): MaybePromise<Recorded> {
    return andThen(sinks.write(event), (recorded) => {
      if (recorded === true) publish()
      return recorded
    })
  }

  function authentication(
    state: RequestState,
    verdict: Verdict,
    needs: Needs,
    judged: Judged | undefined,
  ): MaybePromise<Recorded> {
    countReported(verdict)
    const isKept = keepsScheme(state, verdict)
    if (!isKept && !isWatched()) return true
    if (isKept) requests.began(state.request, state)
    const { trail } = state
    trail.scheme = state.scheme
    trail.proof = describeProof(state, verdict)
    if (verdict.ok) requests.admitted(verdict.context, trail)
    const watching = verdict.ok ? admissionChannel : refusalChannel
    if (!sinks.areThere && !watching.hasSubscribers) return true
    const refusal = verdict.ok ? undefined : verdict.refusal
    state.isCertificateIgnored = state.token !== undefined && isCertificateIgnored(state.view, state.token)
    const event = authenticationEvent(state, verdict, outcomeOf(refusal, judged, needs.scopes, state.startedAt))
    return emit(event, () => {
      if (!watching.hasSubscribers) return
      watching.publish(verdict.ok ? { context: verdict.context, event } : { refusal, event })
    })
  }

  function access(about: AccessCase, decision: Decision, judged: Judged | undefined): MaybePromise<Recorded> {
    const { context, request, startedAt, needs, operation } = about
    const refusal = decision.ok ? undefined : decision.refusal
    const isPublished = refusal !== undefined && refusalChannel.hasSubscribers
    countReported(decision)
    if (!sinks.areThere && !isPublished) return true
    const origin = requests.originOf(context, request)
    const outcome = outcomeOf(refusal, judged, needs.scopes, startedAt)
    const event = accessEvent(context, decision, { presented: contexts.tokenOf(context), origin, operation }, outcome)
    return emit(event, () => {
      if (isPublished) refusalChannel.publish({ refusal, event })
    })
  }

  function observed(view: RequestView, examination: Examination, startedAt: number | undefined): void {
    if (!sinks.areThere) return
    const state = new RequestState(view, view, startedAt)
    const { credentials, token } = examination
    if (credentials !== undefined) state.presented(credentials)
    if (token !== undefined) state.verified(token)
    state.isCertificateIgnored = token !== undefined && isCertificateIgnored(view, token)
    void sinks.write(observedEvent(state, examination, outcomeOf(undefined, undefined, [], startedAt)))
  }

  return {
    begin(view, request) {
      const startedAt = startTime()
      const state = new RequestState(view, request, startedAt, clock.failures)
      if (startedAt !== undefined) requests.began(request, state)
      return state
    },
    startTime,
    authentication,
    access,
    observed,
    get reported() {
      return Object.freeze(Object.fromEntries(reported))
    },
    schemeOf: (context, request) => requests.originOf(context, request)?.trail.scheme,
    get counts() {
      return sinks.counts
    },
    close: sinks.close,
  }
}

/** Where the binding of the token leaves two schemes, the challenges of a route go by the one that was used. */
function keepsScheme({ token }: RequestState, verdict: Verdict): boolean {
  return verdict.ok && token?.issuer.dpopSchemeForMtls === true && verdict.context.sender.method === 'mtls'
}

/** 0 where the clock failed. */
function microsSince(startedAt: number, clock: Clock): number {
  return Math.max(0, Math.round((clock.monotonic() - startedAt) * 1_000)) || 0
}
