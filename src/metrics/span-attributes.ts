import type { AuditEvent } from '../types/audit.ts'
import type { SpanAttributes } from '../types/otel-options.ts'

/**
 * What a decision adds to its span. OpenTelemetry has no names for authentication and delegation, except for the ids of
 * an agent and of a user; the others are our own. Until the signature of the token holds, an event has no claims, and so
 * has the span.
 */
export function spanAttributes(event: AuditEvent, withUser: boolean): SpanAttributes {
  const { principal, actor, sender, issuer, authority, rule, tokenId, wouldRefuse } = event
  const attributes: SpanAttributes = {
    'onbehalf.phase': event.phase,
    'onbehalf.decision': event.decision,
    'onbehalf.code': event.code ?? '',
    'onbehalf.request_id': event.requestId,
    'onbehalf.proof.result': event.proof.result,
  }
  if (tokenId !== null) attributes['onbehalf.token_id'] = tokenId
  if (rule !== null) attributes['onbehalf.rule'] = rule
  if (wouldRefuse.length > 0) attributes['onbehalf.would_refuse'] = [...wouldRefuse]
  if (issuer !== null) attributes['onbehalf.issuer'] = issuer
  if (sender.method !== null) attributes['onbehalf.sender.method'] = sender.method
  if (principal !== null) attributes['onbehalf.principal.kind'] = principal.kind
  if (authority !== null) {
    attributes['onbehalf.authority'] = authority
    attributes['onbehalf.involves_agent'] = event.involvesAgent
    attributes['onbehalf.delegation.depth'] = event.chain.length
  }
  if (actor !== null) {
    attributes['onbehalf.actor.kind'] = actor.kind
    if (actor.kind === 'agent') attributes['gen_ai.agent.id'] = actor.subject
  }
  if (withUser && isUser(event)) attributes['user.id'] = event.principal.subject
  return attributes
}

/** A principal of unknown kind that has the name of the client is the client itself. */
function isUser(event: AuditEvent): event is AuditEvent & { readonly principal: object } {
  const { principal, client } = event
  return principal?.kind === 'human' || (principal?.kind === 'unknown' && principal.subject !== client)
}
