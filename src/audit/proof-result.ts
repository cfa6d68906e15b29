import type { Examination } from '../observe/examine.ts'
import { Denial } from '../refusal/denial.ts'
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
    // A proof whose time was only reported is not remembered.
    const isRemembered = proof !== undefined && proof.reported.length === 0
    return { result: 'valid', iatOffset: proof?.iatOffset ?? null, replayed: isRemembered ? false : null }
  }
  if (verdict.ok || token === undefined) return noProof
  const { code, facts } = verdict.refusal
  const result = resultOf(code)
  if (result === 'none') return noProof
  return { result, iatOffset: facts.iatOffset ?? null, replayed: result === 'replayed' ? true : null }
}

/** The first reason that is about the proof tells how it was judged. */
export function describeObservedProof({ reasons, token, proof, isProven }: Examination): AuditEvent['proof'] {
  if (token === undefined || token.confirmation instanceof Denial || token.confirmation.method === 'none')
    return noProof
  const denial = reasons.find(({ code }) => isProofCode(code))
  if (denial === undefined && !isProven) return noProof
  const iatOffset = denial?.facts.iatOffset ?? proof?.iatOffset ?? null
  const result = denial === undefined ? 'valid' : resultOf(denial.code)
  const replayed = proof === undefined ? null : result === 'replayed'
  return result === 'none' ? noProof : { result, iatOffset, replayed }
}

function isProofCode(code: RefusalCode): boolean {
  return /^(?:proof|nonce)_/.test(code) || code === 'binding_mismatch' || code === 'certificate_missing'
}

function resultOf(code: RefusalCode): AuditEvent['proof']['result'] {
  if (code === 'proof_replayed') return 'replayed'
  if (code === 'rate_limited' || code === 'replay_unavailable') return 'valid'
  if (code === 'proof_missing' || code === 'certificate_missing') return 'none'
  return isProofCode(code) ? 'refused' : 'none'
}
