import { Denial } from '../refusal/denial.ts'
import { memoryReplayStore } from '../replay/memory-store.ts'
import type { Clock } from '../types/options.ts'
import type { UseProof } from './examine.ts'

/** The observer's own memory of proofs: it shares none, so that no guard takes an observed proof for a replay. */
export function createObservedProofs(clock: Clock): UseProof {
  const store = memoryReplayStore()
  return function use({ jti, freshUntil, iatOffset }, jkt, { partition }) {
    const nowMs = clock.now()
    // It may rightly have forgotten the first use of a stale proof.
    if (!(nowMs <= freshUntil)) return undefined
    const answer = store.remember(store.ownerOf(jkt, partition), jti, freshUntil, nowMs, clock.monotonic())
    return answer === 'seen' ? new Denial('proof_replayed', { iatOffset }) : undefined
  }
}
