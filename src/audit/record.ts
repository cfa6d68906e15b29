import { channel } from 'node:diagnostics_channel'
import type { Needs } from '../access/needs.ts'
import type { MaybePromise } from '../internal/maybe-promise.ts'
import type { Policy } from '../options/policy.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { AgentContext } from '../types/context.ts'
import type { Decision, Verdict } from '../types/verdict.ts'
import type { Health } from '../types/verifier.ts'
import { accessEvent, authenticationEvent } from './event.ts'
import type { RequestState } from './request-state.ts'
import { createQueuedWriter, createRequiredWriter } from './sinks.ts'

/** Every refusal is published here: `{ refusal, event }`. */
const refusalChannel = channel('onbehalf:refusal')

/** Records decisions. Nothing is built until somebody listens. An answer of false: it must be recorded and could not be. */
export interface Recorder {
  /** Does anybody listen now? */
  readonly isWatched: boolean
  authentication(state: RequestState, verdict: Verdict, needs: Needs): MaybePromise<boolean>
  access(
    state: RequestState | undefined,
    context: AgentContext,
    decision: Decision,
    needs: Needs,
  ): MaybePromise<boolean>
  readonly counts: Health['audit']
}

export function createRecorder(policy: Policy): Recorder {
  const { sinks, required } = policy.audit
  const writers = sinks.map(required ? createRequiredWriter : createQueuedWriter)

  function emit(event: AuditEvent, outcome: Verdict | Decision): MaybePromise<boolean> {
    if (!outcome.ok) refusalChannel.publish({ refusal: outcome.refusal, event })
    // What could not be recorded is not recorded again: only the refusal that follows is published.
    if (event.code === 'audit_unavailable') return true
    let answer: MaybePromise<boolean> = true
    // Only a required writer answers anything but true, and it stands alone.
    for (const writer of writers) answer = writer.write(event)
    return answer
  }

  const isHeard = ({ ok }: Verdict | Decision) => writers.length > 0 || (!ok && refusalChannel.hasSubscribers)

  return {
    get isWatched() {
      return writers.length > 0 || refusalChannel.hasSubscribers
    },
    authentication(state, verdict, needs) {
      if (!isHeard(verdict)) return true
      return emit(authenticationEvent(state, verdict, policy.clock.now(), needs.scopes), verdict)
    },
    access(state, context, decision, needs) {
      if (!isHeard(decision)) return true
      return emit(accessEvent(state, context, decision, policy.clock.now(), needs.scopes), decision)
    },
    get counts() {
      const sum = { dropped: 0, failed: 0, pending: 0 }
      for (const { counts } of writers) {
        sum.dropped += counts.dropped
        sum.failed += counts.failed
        sum.pending += counts.pending
      }
      return sum
    },
  }
}
