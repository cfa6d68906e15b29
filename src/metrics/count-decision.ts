import { type RefusalCode, refusals } from '../refusal/table.ts'
import type { AuditEvent, AuditRecord } from '../types/audit.ts'
import type { CounterName } from './figures.ts'

/** Adds to the series with these label values, in the order of the figure's labels. */
export type Add = (value: number, labels: readonly string[]) => void

export interface Meter {
  readonly count: Readonly<Record<CounterName, Add>>
  readonly observeSeconds: Add
}

/** A series that starts with its first event has no increase that Prometheus could see: these are there from the start. */
export function startAtZero({ count }: Meter): void {
  for (const code of outages) {
    for (const phase of ['authentication', 'access']) count.decisions(0, [phase, 'refused', code])
  }
  for (const sender of ['dpop', 'mtls', 'dpop+mtls']) {
    for (const result of ['valid', 'refused', 'replayed']) count.proofs(0, [sender, result])
  }
}

const outages = (Object.keys(refusals) as RefusalCode[]).filter((code) => refusals[code].status === 503)

export function startIssuer({ count }: Meter, issuerLabel: string): void {
  count.replays(0, [issuerLabel])
  count.unbound(0, [issuerLabel])
}

/** A record of dropped events is no decision: the counts of `health()` have it. */
export function isDecisionRecord(record: AuditRecord): record is AuditEvent {
  return !('dropped' in record)
}

export function countDecision(event: AuditEvent, meter: Meter): void {
  const { phase, decision, code, sender, kinds, authority, issuerLabel } = event
  const { count } = meter
  count.decisions(1, [phase, decision, code ?? ''])
  meter.observeSeconds(event.durationMicros / 1_000_000, [phase])
  for (const reason of event.wouldRefuse) count.wouldRefuse(1, [reason])
  if (phase !== 'authentication') return
  const result = resultOfProof(event)
  count.proofs(1, [sender.method ?? '', result])
  if (kinds !== null) count.actors(1, [kinds[1], authority ?? ''])
  if (issuerLabel === '') return
  count.replays(result === 'replayed' ? 1 : 0, [issuerLabel])
  count.unbound(sender.method === 'none' ? 1 : 0, [issuerLabel])
}

/** Handing out a nonce is no failure of a proof; an observed request names a replay among `wouldRefuse`. */
function resultOfProof({ code, proof, wouldRefuse }: AuditEvent): AuditEvent['proof']['result'] {
  if (code === 'nonce_required' || code === 'nonce_invalid') return 'none'
  return wouldRefuse.includes('proof_replayed') ? 'replayed' : proof.result
}
