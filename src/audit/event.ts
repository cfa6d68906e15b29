import { randomUUID } from 'node:crypto'
import type { Attempt } from '../attempt.ts'
import { Denial } from '../internal/denial.ts'
import type { RefusalCode } from '../refusals.ts'
import type { AgentContext, AuditEvent, Decision, Facts, Refusal, Verdict } from '../types.ts'

type WhoPart = Pick<AuditEvent, 'issuer' | 'principal' | 'actor' | 'chain' | 'client' | 'scopesGranted' | 'tokenId'>

const none: readonly never[] = Object.freeze([])
const nobody: Omit<WhoPart, 'tokenId'> = Object.freeze({
  issuer: null,
  principal: null,
  actor: null,
  chain: none,
  client: null,
  scopesGranted: none,
})

/** The one event of a request's authentication. Until the token's signature holds it carries the token's hash and no claim. */
export function authenticationEvent(
  attempt: Attempt,
  verdict: Verdict,
  time: number,
  scopesRequired: readonly string[],
): AuditEvent {
  return Object.freeze<AuditEvent>({
    ...common(attempt.requestId, time, 'authentication', verdict.ok ? undefined : verdict.refusal),
    method: attempt.view.method,
    ...whoIsIn(attempt),
    scopesRequired,
    sender: provenSender(attempt),
    proof: describeProof(attempt, verdict),
    relaxations: verdict.ok ? (attempt.token?.relaxations ?? none) : none,
  })
}

/** One event per requirement evaluated; the same requestId as the authentication it rests on. */
export function accessEvent(
  attempt: Attempt | undefined,
  context: AgentContext,
  decision: Decision,
  time: number,
  scopesRequired: readonly string[],
): AuditEvent {
  const { sender } = context
  return Object.freeze<AuditEvent>({
    ...common(attempt?.requestId ?? randomUUID(), time, 'access', decision.ok ? undefined : decision.refusal),
    method: attempt?.view.method ?? '',
    issuer: context.token.issuer,
    principal: context.principal,
    actor: context.actor,
    chain: context.delegation?.chain ?? none,
    client: context.client?.id ?? null,
    scopesGranted: context.scopes,
    tokenId: context.token.id,
    scopesRequired,
    sender: { method: sender.method, thumbprint: sender.jkt ?? sender.x5t ?? null },
    proof: {
      result: attempt?.proof === undefined ? 'none' : 'valid',
      iatOffset: attempt?.proof?.iatOffset ?? null,
      replayed: false,
    },
    relaxations: attempt?.token?.relaxations ?? none,
  })
}

function common(requestId: string, time: number, phase: AuditEvent['phase'], refusal: Refusal | undefined) {
  return {
    version: 1 as const,
    id: randomUUID(),
    requestId,
    time,
    phase,
    decision: refusal === undefined ? ('admitted' as const) : ('refused' as const),
    code: refusal?.code ?? null,
    ...(refusal === undefined ? {} : { facts: recordable(refusal) }),
  }
}

function whoIsIn({ token, tokenHash }: Attempt): WhoPart {
  if (token === undefined) return { ...nobody, tokenId: tokenHash === undefined ? null : `h:${tokenHash}` }
  const { issuer, claims } = token.token
  const { parties } = token
  const known = parties instanceof Denial ? undefined : parties
  return {
    issuer: issuer.issuer,
    principal: token.principal,
    actor: known?.actor ?? null,
    chain: known?.delegation?.chain ?? none,
    client: claims.clientId,
    scopesGranted: claims.scopes,
    tokenId: claims.jti,
  }
}

function provenSender(attempt: Attempt): AuditEvent['sender'] {
  const sender = attempt.isSenderProven ? attempt.token?.sender : undefined
  return { method: sender?.method ?? 'none', thumbprint: sender?.jkt ?? sender?.x5t ?? null }
}

function describeProof({ proof }: Attempt, verdict: Verdict): AuditEvent['proof'] {
  const code = verdict.ok ? '' : verdict.refusal.code
  const isRefused = !verdict.ok && /^(?:proof|nonce)_/.test(code)
  return {
    result: isRefused ? 'refused' : proof === undefined ? 'none' : 'valid',
    iatOffset: proof?.iatOffset ?? (isRefused ? verdict.refusal.facts.iatOffset : undefined) ?? null,
    replayed: code === 'proof_replayed',
  }
}

/** What these refusals know of the token nobody has signed for yet. */
const beforeSignature: ReadonlySet<RefusalCode> = new Set([
  'token_malformed',
  'token_type',
  'token_algorithm',
  'token_issuer',
  'token_expired',
  'token_key_unknown',
  'token_signature',
])

function recordable({ code, facts }: Refusal): Facts {
  if (!beforeSignature.has(code)) return facts
  return facts.hint === undefined ? {} : { hint: facts.hint }
}
