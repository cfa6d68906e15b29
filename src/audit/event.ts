import { randomUUID } from 'node:crypto'
import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { AgentContext } from '../types/context.ts'
import type { Decision, Facts, Refusal, Verdict } from '../types/verdict.ts'
import type { Attempt } from './request-state.ts'

const none: readonly never[] = Object.freeze([])

// Written out member by member: spreading costs more than everything else an event is made of.

/** The one event of a request's authentication. Until the token's signature holds it carries the token's hash and no claim. */
export function authenticationEvent(
  attempt: Attempt,
  verdict: Verdict,
  time: number,
  scopesRequired: readonly string[],
): AuditEvent {
  const { token, tokenHash } = attempt
  const refusal = verdict.ok ? undefined : verdict.refusal
  const parties = token?.parties instanceof Denial ? undefined : token?.parties
  return finish(refusal, {
    version: 1,
    id: attempt.nextEventId(),
    requestId: attempt.requestId,
    time,
    phase: 'authentication',
    decision: refusal === undefined ? 'admitted' : 'refused',
    code: refusal?.code ?? null,
    method: attempt.view.method,
    issuer: token?.token.issuer.issuer ?? null,
    principal: token?.principal ?? null,
    actor: parties?.actor ?? null,
    chain: parties?.delegation?.chain ?? none,
    client: token?.token.claims.clientId ?? null,
    scopesRequired,
    scopesGranted: token?.token.claims.scopes ?? none,
    sender: describeSender(attempt.isSenderProven ? token?.sender : undefined),
    proof: describeProof(attempt, verdict),
    tokenId: token?.token.claims.jti ?? (tokenHash === undefined ? null : `h:${tokenHash}`),
    relaxations: refusal === undefined ? (token?.relaxations ?? none) : none,
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
  const refusal = decision.ok ? undefined : decision.refusal
  const requestId = attempt?.requestId ?? randomUUID()
  return finish(refusal, {
    version: 1,
    id: attempt?.nextEventId() ?? `${requestId}-1`,
    requestId,
    time,
    phase: 'access',
    decision: refusal === undefined ? 'admitted' : 'refused',
    code: refusal?.code ?? null,
    method: attempt?.view.method ?? '',
    issuer: context.token.issuer,
    principal: context.principal,
    actor: context.actor,
    chain: context.delegation?.chain ?? none,
    client: context.client?.id ?? null,
    scopesRequired,
    scopesGranted: context.scopes,
    sender: describeSender(context.sender),
    proof: {
      result: attempt?.proof === undefined ? 'none' : 'valid',
      iatOffset: attempt?.proof?.iatOffset ?? null,
      replayed: false,
    },
    tokenId: context.token.id,
    relaxations: attempt?.token?.relaxations ?? none,
  })
}

function finish(refusal: Refusal | undefined, event: AuditEvent): AuditEvent {
  return Object.freeze(refusal === undefined ? event : { ...event, facts: recordable(refusal) })
}

function describeSender(sender: AgentContext['sender'] | undefined): AuditEvent['sender'] {
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
