import { randomUUID } from 'node:crypto'
import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { AgentContext } from '../types/context.ts'
import type { Decision, Facts, Refusal, Verdict } from '../types/verdict.ts'
import type { RequestState } from './request-state.ts'

const none: readonly never[] = Object.freeze([])

// Written out member by member: spreading costs more than everything else an event is made of.

/** The one event of a request's authentication. Until the token's signature holds it carries the token's hash and no claim. */
export function authenticationEvent(
  state: RequestState,
  verdict: Verdict,
  time: number,
  scopesRequired: readonly string[],
): AuditEvent {
  const { token, tokenHash } = state
  const refusal = verdict.ok ? undefined : verdict.refusal
  const parties = token?.parties instanceof Denial ? undefined : token?.parties
  return completeEvent(refusal, {
    version: 1,
    id: state.nextEventId(),
    requestId: state.requestId,
    time,
    phase: 'authentication',
    decision: refusal === undefined ? 'admitted' : 'refused',
    code: refusal?.code ?? null,
    method: state.view.method,
    issuer: token?.issuer.issuer ?? null,
    principal: token?.principal ?? null,
    actor: parties?.actor ?? null,
    chain: parties?.delegation?.chain ?? none,
    client: token?.claims.clientId ?? null,
    scopesRequired,
    scopesGranted: token?.claims.scopes ?? none,
    sender: describeSender(state.bound?.sender),
    proof: describeProof(state, verdict),
    tokenId: token?.id ?? (tokenHash === undefined ? null : `h:${tokenHash}`),
    relaxations: refusal === undefined ? (token?.relaxations ?? none) : none,
  })
}

/** One event per requirement evaluated; the same requestId as the authentication it rests on. */
export function accessEvent(
  state: RequestState | undefined,
  context: AgentContext,
  decision: Decision,
  time: number,
  scopesRequired: readonly string[],
): AuditEvent {
  const refusal = decision.ok ? undefined : decision.refusal
  const requestId = state?.requestId ?? randomUUID()
  return completeEvent(refusal, {
    version: 1,
    id: state?.nextEventId() ?? `${requestId}-1`,
    requestId,
    time,
    phase: 'access',
    decision: refusal === undefined ? 'admitted' : 'refused',
    code: refusal?.code ?? null,
    method: state?.view.method ?? '',
    issuer: context.token.issuer,
    principal: context.principal,
    actor: context.actor,
    chain: context.delegation?.chain ?? none,
    client: context.client?.id ?? null,
    scopesRequired,
    scopesGranted: context.scopes,
    sender: describeSender(context.sender),
    proof: {
      result: state?.bound?.proof === undefined ? 'none' : 'valid',
      iatOffset: state?.bound?.proof?.iatOffset ?? null,
      replayed: false,
    },
    tokenId: context.token.id,
    relaxations: state?.token?.relaxations ?? none,
  })
}

function completeEvent(refusal: Refusal | undefined, event: AuditEvent): AuditEvent {
  return Object.freeze(refusal === undefined ? event : { ...event, facts: recordable(refusal) })
}

function describeSender(sender: AgentContext['sender'] | undefined): AuditEvent['sender'] {
  return { method: sender?.method ?? 'none', thumbprint: sender?.jkt ?? sender?.x5t ?? null }
}

function describeProof({ bound }: RequestState, verdict: Verdict): AuditEvent['proof'] {
  if (bound !== undefined) {
    const { proof } = bound
    return { result: proof === undefined ? 'none' : 'valid', iatOffset: proof?.iatOffset ?? null, replayed: false }
  }
  if (verdict.ok) return noProof
  const { code, facts } = verdict.refusal
  const isRefused = /^(?:proof|nonce)_/.test(code)
  if (!isRefused && !beforeSingleUse.has(code)) return noProof
  return {
    result: isRefused ? 'refused' : 'valid',
    iatOffset: facts.iatOffset ?? null,
    replayed: code === 'proof_replayed',
  }
}

const noProof: AuditEvent['proof'] = Object.freeze({ result: 'none', iatOffset: null, replayed: false })

/** A good proof was shown when these refuse; it could not be remembered. */
const beforeSingleUse: ReadonlySet<RefusalCode> = new Set(['rate_limited', 'replay_unavailable'])

/** Refusals made before the signature was checked; their facts are unverified. */
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
