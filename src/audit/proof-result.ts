import type { RefusalCode } from '../refusal/table.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { Verdict } from '../types/verdict.ts'
import type { RequestState } from './request-state.ts'
import { noProof } from './trail.ts'

/** How the proof of the sender was judged, by the step that was reached. */
export function describeProof({ bound, token }: RequestState, verdict: Verdict): AuditEvent['proof'] {
  if (bound !== undefined) {
    if (bound.sender.method === 'none') return noProof
    const { proof } = bound
    // A proof that held and grew stale while the request waited.
    if (!verdict.ok && resultOf(verdict.refusal.code) === 'refused') {
      return { result: 'refused', iatOffset: proof?.iatOffset ?? null, replayed: null }
    }
    return { result: 'valid', iatOffset: proof?.iatOffset ?? null, replayed: proof === undefined ? null : false }
  }
  if (verdict.ok || token === undefined) return noProof
  const { code, facts } = verdict.refusal
  const result = resultOf(code)
  if (result === 'none') return noProof
  return { result, iatOffset: facts.iatOffset ?? null, replayed: result === 'replayed' ? true : null }
}

function resultOf(code: RefusalCode): AuditEvent['proof']['result'] {
  if (code === 'proof_replayed') return 'replayed'
  if (code === 'rate_limited' || code === 'replay_unavailable') return 'valid'
  if (code === 'proof_missing' || code === 'certificate_missing') return 'none'
  return code === 'binding_mismatch' || /^(?:proof|nonce)_/.test(code) ? 'refused' : 'none'
}
