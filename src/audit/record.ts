import { channel } from 'node:diagnostics_channel'
import { type Needs, needsOf } from '../access.ts'
import type { Attempt } from '../attempt.ts'
import type { MaybePromise } from '../internal/later.ts'
import type { Policy } from '../options.ts'
import type { AgentContext, AuditEvent, Decision, Refusal, Verdict } from '../types.ts'
import type { Health } from '../verifier-types.ts'
import { accessEvent, authenticationEvent } from './event.ts'
import { createQueuedWriter, createRequiredWriter } from './sinks.ts'

/** Every refusal is published here: `{ refusal, event }`. */
const refusalChannel = channel('onbehalf:refusal')

/** Records decisions. Nothing is built until somebody listens. Each answer false: must be recorded and could not be. */
export interface Recorder {
  readonly isActive: boolean
  authentication(attempt: Attempt, verdict: Verdict): MaybePromise<boolean>
  access(attempt: Attempt | undefined, context: AgentContext, decision: Decision, needs: Needs): MaybePromise<boolean>
  readonly counts: Health['audit']
}

export function createRecorder(policy: Policy): Recorder {
  const { sinks, required } = policy.audit
  const writers = sinks.map(required ? createRequiredWriter : createQueuedWriter)
  const floorScopes = needsOf(policy.access).scopes

  function emit(event: AuditEvent, refusal: Refusal | undefined): MaybePromise<boolean> {
    if (refusal !== undefined && refusalChannel.hasSubscribers) refusalChannel.publish({ refusal, event })
    let answer: MaybePromise<boolean> = true
    // Only a required writer answers anything but true, and it stands alone.
    for (const writer of writers) answer = writer.write(event)
    return answer
  }

  const isWatched = (refusal: Refusal | undefined) =>
    writers.length > 0 || (refusal !== undefined && refusalChannel.hasSubscribers)

  return {
    isActive: writers.length > 0,
    authentication(attempt, verdict) {
      const refusal = verdict.ok ? undefined : verdict.refusal
      if (!isWatched(refusal)) return true
      return emit(authenticationEvent(attempt, verdict, policy.clock.now(), floorScopes), refusal)
    },
    access(attempt, context, decision, needs) {
      const refusal = decision.ok ? undefined : decision.refusal
      if (!isWatched(refusal)) return true
      return emit(accessEvent(attempt, context, decision, policy.clock.now(), needs.scopes), refusal)
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
