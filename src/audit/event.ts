import { randomUUID } from 'node:crypto'
import type { Judged } from '../access/judgement.ts'
import type { Parties } from '../context/parties.ts'
import type { Examination } from '../observe/examine.ts'
import { codesOf, Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { PreparedToken } from '../token/prepared-token.ts'
import type { AuditEvent, EventFacts } from '../types/audit.ts'
import type { AgentContext, Party } from '../types/context.ts'
import type { Decision, Facts, Refusal, Verdict } from '../types/verdict.ts'
import { describeObservedProof } from './proof-result.ts'
import type { RequestState } from './request-state.ts'
import { type Origin, routeIn } from './requests.ts'
import { noProof, type Trail } from './trail.ts'

const none: readonly never[] = Object.freeze([])

/** What an event says of the decision itself. */
export interface Outcome {
  readonly refusal: Refusal | undefined
  /** What the requirement's judge notes; undefined where nothing was judged, or nothing refused. */
  readonly judged: Judged | undefined
  readonly time: number
  readonly durationMicros: number
  readonly scopesRequired: readonly string[]
  /** Those that are configured. */
  readonly issuers: { has(issuer: string): boolean }
}

// Written out member by member: spreading costs more than everything else an event is made of.

/** The one event of a request's authentication. Until the token's signature holds it carries the token's hash and no claim. */
export function authenticationEvent(state: RequestState, verdict: Verdict, outcome: Outcome): AuditEvent {
  const { token, trail, bound } = state
  const { refusal } = outcome
  const parties = knownParties(token)
  const { principal, actor } = verdict.ok ? verdict.context : { principal: token?.principal, actor: parties?.actor }
  const wouldRefuse = verdict.ok ? verdict.wouldRefuse : none
  return requestEvent(state, outcome, {
    decision: refusal === undefined ? 'admitted' : 'refused',
    wouldRefuse,
    reported: token?.found.noted.find(({ code }) => code === wouldRefuse[0])?.facts,
    principal,
    actor,
    thumbprint: bound?.sender.jkt ?? bound?.sender.x5t ?? null,
    proof: trail.proof,
    relaxations: refusal === undefined ? (token?.relaxations ?? none) : none,
    warnings: verdict.ok ? verdict.context.warnings : (parties?.warnings ?? none),
  })
}

/** The event of a request that was judged beside another guard. */
export function observedEvent(state: RequestState, examination: Examination, outcome: Outcome): AuditEvent {
  const { reasons, signature, isProven } = examination
  const { token } = state
  const parties = knownParties(token)
  const [first] = reasons
  const { jkt, x5t } =
    isProven && token !== undefined && !(token.confirmation instanceof Denial) ? token.confirmation : {}
  return requestEvent(state, outcome, {
    decision: 'observed',
    wouldRefuse: codesOf(reasons),
    reported: first && recordable(first.facts, signature === 'held'),
    principal: token?.principal,
    actor: parties?.actor,
    thumbprint: jkt ?? x5t ?? null,
    proof: describeObservedProof(examination),
    relaxations: first === undefined ? (token?.relaxations ?? none) : none,
    warnings: parties?.warnings ?? none,
  })
}

/** Where an admitted, a refused and an observed request differ. */
interface RequestOutcome extends Pick<AuditEvent, 'decision' | 'wouldRefuse' | 'proof' | 'relaxations' | 'warnings'> {
  /** The facts of what comes first in `wouldRefuse`. */
  readonly reported: Facts | undefined
  readonly principal: Party | undefined
  readonly actor: Party | undefined
  readonly thumbprint: string | null
}

function requestEvent(state: RequestState, outcome: Outcome, about: RequestOutcome): AuditEvent {
  const { token, tokenHash, trail } = state
  const { refusal, judged } = outcome
  const { principal, actor } = about
  const parties = knownParties(token)
  const owed = token?.confirmation
  return completeEvent(outcome, about.reported, {
    version: 1,
    id: trail.nextEventId(),
    requestId: trail.requestId,
    traceId: trail.traceId,
    correlationId: trail.correlationId,
    time: outcome.time,
    durationMicros: outcome.durationMicros,
    phase: 'authentication',
    decision: about.decision,
    code: refusal?.code ?? null,
    status: refusal?.status ?? null,
    request: describeRequest(trail, routeIn(state)),
    rule: judged?.rule ?? null,
    wouldRefuse: about.wouldRefuse,
    issuer: token?.issuer.issuer ?? null,
    issuerLabel: labelOf(token?.issuer.issuer, outcome),
    principal: principal ?? null,
    actor: actor ?? null,
    chain: namedIn(parties, actor) ?? none,
    authority: parties?.authority ?? null,
    involvesAgent: parties?.involvesAgent ?? false,
    client: token?.claims.clientId ?? null,
    kinds: parties === undefined ? null : [parties.principal.kind, parties.actor.kind],
    scopesRequired: outcome.scopesRequired,
    scopesGranted: token?.claims.scopes ?? none,
    sender: {
      method: owed instanceof Denial ? methodWithout(owed) : (owed?.method ?? null),
      thumbprint: about.thumbprint,
    },
    proof: about.proof,
    tokenId: token?.id ?? (tokenHash === undefined ? null : `t:${tokenHash}`),
    tokenLifetimeSeconds: token === undefined ? null : token.claims.exp - token.issuedAt,
    relaxations: about.relaxations,
    warnings: warningsIn(state, about.warnings),
  })
}

/** What an access event rests on beside the decision. */
interface Accessed {
  readonly presented: PreparedToken | undefined
  readonly origin: Origin | undefined
  readonly operation: string | null
}

/** One event per requirement evaluated; the same requestId as the authentication it rests on. */
export function accessEvent(
  context: AgentContext,
  decision: Decision,
  { presented, origin, operation }: Accessed,
  outcome: Outcome,
): AuditEvent {
  const { refusal, judged } = outcome
  const reported = decision.ok && judged instanceof Denial ? judged.facts : undefined
  const trail = origin?.trail
  const requestId = trail?.requestId ?? randomUUID()
  const { principal, actor, token, sender } = context
  return completeEvent(outcome, reported, {
    version: 1,
    id: trail?.nextEventId() ?? `${requestId}-1`,
    requestId,
    traceId: trail?.traceId ?? null,
    correlationId: trail?.correlationId ?? null,
    time: outcome.time,
    durationMicros: outcome.durationMicros,
    phase: 'access',
    decision: refusal === undefined ? 'admitted' : 'refused',
    code: refusal?.code ?? null,
    status: refusal?.status ?? null,
    request: describeRequest(trail, origin?.route ?? null, operation),
    rule: judged?.rule ?? null,
    wouldRefuse: decision.ok ? decision.wouldRefuse : none,
    issuer: token.issuer,
    issuerLabel: labelOf(token.issuer, outcome),
    principal,
    actor,
    chain: namedIn(knownParties(presented), actor) ?? context.delegation?.chain ?? none,
    authority: context.authority,
    involvesAgent: context.involvesAgent,
    client: context.client?.id ?? null,
    kinds: [principal.kind, actor.kind],
    scopesRequired: outcome.scopesRequired,
    scopesGranted: context.scopes,
    sender: { method: sender.method, thumbprint: sender.jkt ?? sender.x5t ?? null },
    proof: trail?.proof ?? noProof,
    tokenId: token.id,
    tokenLifetimeSeconds: token.expiresAt - token.issuedAt,
    relaxations: presented?.relaxations ?? none,
    warnings: context.warnings,
  })
}

function warningsIn(
  { isCertificateIgnored, bound }: RequestState,
  known: AuditEvent['warnings'],
): AuditEvent['warnings'] {
  const isTimeReported = (bound?.proof?.reported.length ?? 0) > 0
  if (!isCertificateIgnored && !isTimeReported) return known
  return Object.freeze([
    ...known,
    ...(isCertificateIgnored ? (['certificate_header_ignored'] as const) : []),
    ...(isTimeReported ? (['proof_time_reported'] as const) : []),
  ])
}

function knownParties(token: PreparedToken | undefined): Parties | undefined {
  return token === undefined || token.parties instanceof Denial ? undefined : token.parties
}

/** The actor of a context has what the directory says of it; the rest of the chain is the token's. */
function namedIn(parties: Parties | undefined, actor: Party | undefined): readonly Party[] | undefined {
  if (parties === undefined || actor === undefined || actor === parties.actor) return parties?.named
  return Object.freeze(parties.named.map((party) => (party === parties.actor ? actor : party)))
}

/** Issuers of a resolver share a label, so that a metric has no more series than there are options. */
function labelOf(issuer: string | undefined, { issuers }: Outcome): string {
  if (issuer === undefined) return ''
  return issuers.has(issuer) ? issuer : 'other'
}

/** `reported`: the facts of a denial that did not refuse. */
function completeEvent({ refusal, judged }: Outcome, reported: Facts | undefined, event: AuditEvent): AuditEvent {
  const facts: EventFacts | undefined =
    refusal === undefined ? reported : recordable(refusal.facts, !beforeSignature.has(refusal.code))
  const remark = judged?.remark
  if (facts === undefined && remark === undefined) return Object.freeze(event)
  return Object.freeze({ ...event, facts: Object.freeze({ ...facts, ...remark }) })
}

function describeRequest(
  trail: Trail | undefined,
  route: string | null,
  operation: string | null = null,
): AuditEvent['request'] {
  const { method = '', path = '', address = null } = trail ?? {}
  return { method, path, route, operation, address }
}

/** An unbound token needs no proof: `none`. For a binding that this package does not know, the method is null. */
function methodWithout({ code }: Denial): 'none' | null {
  return code === 'binding_missing' ? 'none' : null
}

/** Refusals made before the signature was checked; their facts are unverified. */
const beforeSignature: ReadonlySet<RefusalCode> = new Set([
  'request_malformed',
  'token_malformed',
  'token_type',
  'token_algorithm',
  'token_issuer',
  'token_expired',
  'token_key_unknown',
  'token_signature',
  'keys_unavailable',
  'introspection_unavailable',
])

/** They quote no claim: our own words, and numbers reckoned from `exp` and `iat`. */
const quotesNothing: ReadonlySet<string> = new Set([
  'hint',
  'claim',
  'cause',
  'iatOffset',
  'expiredBy',
  'lifetimeSeconds',
])

function recordable(facts: Facts, isSigned: boolean): Facts {
  if (isSigned) return facts
  return Object.fromEntries(Object.entries(facts).filter(([name]) => quotesNothing.has(name)))
}
