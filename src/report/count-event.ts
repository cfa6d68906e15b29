import { numbers } from '../options/defaults.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AuditEvent } from '../types/audit.ts'
import type { Party } from '../types/context.ts'
import { ownership, ownershipOf } from './actors.ts'
import {
  authorities,
  countNamed,
  type Figures,
  type IssuerFigures,
  lifetimeEnds,
  type NamedParties,
  type Reasons,
  senderMethods,
  stretch,
} from './figures.ts'
import { boundedName, encodeParty, encodeWay, entityKinds } from './party-code.ts'

/** Issuers that are told apart; further ones count as `'other'`. */
const mostIssuers = 100
const mostWarnings = 64
const mostHints = 8
/** Tokens whose parties have their names at hand. */
const mostNamings = 16_384
/** How the paths of options look: in a log that others can write, a hint may be anything. */
const optionPath = /^[\w.[\]]{1,128}$/

export function countEvent(figures: Figures, event: AuditEvent): void {
  if (event.phase === 'authentication') countAuthentication(figures, event)
  else countAccess(figures, event)
}

function countAuthentication(figures: Figures, event: AuditEvent): void {
  const { events, series } = figures
  const counts = series.at(event.time)
  const { code, wouldRefuse } = event
  events.authentication += 1
  addTo(counts, stretch.requests)
  if (event.decision === 'observed') events.observed += 1
  else if (code === null) events.admitted += 1
  else {
    events.refused += 1
    addTo(counts, stretch.refused)
    countReason(figures.refusals, code, { isFirst: true, isAlone: true, hint: event.facts?.hint })
    figures.refusals.requests += 1
  }
  if (wouldRefuse.length > 0) countWouldRefuse(figures, event, counts)
  countCaller(figures, event, counts)
  if (event.issuerLabel !== '') countToken(figures, event, counts)
  else addTo(figures.methods, senderMethods.indexOf(null))
  countProof(figures, event, counts)
}

/** A request may have several access events: it is refused, or would be, once. */
function countAccess(figures: Figures, event: AuditEvent): void {
  const { events, series, recent, refusals } = figures
  const { code, requestId } = event
  events.access += 1
  if (code === null && event.wouldRefuse.length === 0) return
  const counts = series.at(event.time)
  if (code !== null) {
    if (recent.isFirst('refused', requestId)) {
      events.refusedByRule += 1
      refusals.requests += 1
      addTo(counts, stretch.refused)
    }
    countReason(refusals, code, { isFirst: recent.isFirst(code, requestId), isAlone: true, hint: event.facts?.hint })
  }
  if (event.wouldRefuse.length > 0) countWouldRefuse(figures, event, counts)
}

/** Observed requests have one event, so that nothing needs to be remembered of them. */
function countWouldRefuse({ wouldRefuse, recent }: Figures, event: AuditEvent, counts: number[]): void {
  const isOnly = event.decision === 'observed'
  const { requestId, wouldRefuse: codes } = event
  if (isOnly || recent.isFirst('would', requestId)) {
    wouldRefuse.requests += 1
    addTo(counts, stretch.wouldRefuse)
  }
  for (const [at, code] of codes.entries()) {
    const isFirst = isOnly || recent.isFirst(`would ${code}`, requestId)
    // The facts are those of the refusal if there is one, else of the first code.
    const hint = at === 0 && event.code === null ? event.facts?.hint : undefined
    countReason(wouldRefuse, code, { isFirst, isAlone: codes.length === 1, hint })
  }
}

interface Occurrence {
  /** Whether the request was not counted for this code before. */
  readonly isFirst: boolean
  readonly isAlone: boolean
  readonly hint: string | undefined
}

function countReason(reasons: Reasons, code: RefusalCode, { isFirst, isAlone, hint }: Occurrence): void {
  let reason = reasons.byCode.get(code)
  if (reason === undefined) {
    reason = { requests: 0, alone: 0, hints: new Map() }
    reasons.byCode.set(code, reason)
  }
  if (isFirst) reason.requests += 1
  if (isAlone) reason.alone += 1
  if (hint !== undefined && optionPath.test(hint)) countNamed(reason.hints, hint, mostHints)
}

function countCaller(figures: Figures, event: AuditEvent, counts: number[]): void {
  const { principal, actor, authority } = event
  if (principal === null || actor === null || authority === null) {
    figures.unidentified += 1
    addTo(counts, stretch.unidentified)
    return
  }
  const kind = entityKinds.indexOf(actor.kind)
  addTo(counts, kind)
  addTo(figures.kinds, kind * authorities.length + authorities.indexOf(authority))
  if (event.involvesAgent) figures.involvingAgents += 1
  if (actor.kind === 'unknown') figures.unknownClients.count(event, actor)
  for (const warning of event.warnings) countNamed(figures.warnings, boundedName(warning), mostWarnings)
  countParties(figures, event, principal, actor)
}

function countParties(figures: Figures, event: AuditEvent, principal: Party, actor: Party): void {
  const { way, name, owned } = nameParties(figures, event, principal, actor)
  figures.ways.table.add(way)
  if (owned === ownership.known) figures.owners.withOwner += 1
  if (owned === ownership.missing) figures.owners.withoutOwner += 1
  figures.actors.count(name, owned, event.sender.thumbprint, event.time)
}

/** All requests of one token have the same objects as parties, so that their names are made once. */
function nameParties(figures: Figures, { chain }: AuditEvent, principal: Party, actor: Party): NamedParties {
  const known = figures.named.get(actor)
  if (known !== undefined && known.principal === principal && known.chain === chain) return known
  const principalCode = encodeParty(principal)
  const actorCode = actor === principal ? principalCode : encodeParty(actor)
  const fresh = {
    principal,
    chain,
    way: encodeWay(principalCode, actorCode, chain, actor.assertedBy),
    name: [boundedName(actor.assertedBy), actorCode].join('\u0000'),
    owned: ownershipOf(actor, actorCode === principalCode),
  }
  // A weak map keeps the room of entries that are gone, so that it begins anew now and then.
  if (figures.namings % mostNamings === 0) figures.named = new WeakMap()
  figures.namings += 1
  figures.named.set(actor, fresh)
  return fresh
}

function countToken(figures: Figures, event: AuditEvent, counts: number[]): void {
  const { method } = event.sender
  const issuer = issuerFigures(figures, event.issuerLabel)
  issuer.requests += 1
  addTo(figures.methods, senderMethods.indexOf(method))
  if (method === 'none') {
    issuer.unbound += 1
    addTo(counts, stretch.unbound)
  } else if (method !== null) addTo(counts, stretch.bound)
  if (event.tokenLifetimeSeconds !== null) countLifetime(figures, issuer, event.tokenLifetimeSeconds)
}

function issuerFigures({ issuers }: Figures, label: string): IssuerFigures {
  const name = issuers.has(label) || issuers.size < mostIssuers ? boundedName(label) : 'other'
  const known = issuers.get(name)
  if (known !== undefined) return known
  const fresh = { requests: 0, unbound: 0, overDefault: 0, longest: Number.NEGATIVE_INFINITY }
  issuers.set(name, fresh)
  return fresh
}

function countLifetime({ lifetimes }: Figures, issuer: IssuerFigures, seconds: number): void {
  addTo(
    lifetimes.counts,
    lifetimeEnds.findIndex((end) => end === null || seconds <= end),
  )
  if (seconds > numbers['issuer.maxTokenSeconds'].default) {
    lifetimes.overDefault += 1
    issuer.overDefault += 1
  }
  if (seconds > lifetimes.longest) lifetimes.longest = seconds
  if (seconds > issuer.longest) issuer.longest = seconds
}

/** An observed request names what its proof would be refused for among `wouldRefuse`. */
function countProof(figures: Figures, event: AuditEvent, counts: number[]): void {
  const { proofs, replays } = figures
  const code = event.code ?? event.wouldRefuse.find(concernsProof) ?? null
  const { result } = event.proof
  if (code === 'nonce_required' || code === 'nonce_invalid') {
    proofs.nonces += 1
    return
  }
  const isReplayed = result === 'replayed' || code === 'proof_replayed'
  if (isReplayed || result === 'refused' || (code !== null && concernsProof(code))) {
    proofs.failed += 1
    addTo(counts, stretch.proofFailures)
    if (code !== null) countNamed(proofs.byCode, code, mostWarnings)
    if (isReplayed) {
      replays.count(event.issuerLabel, event.client, event.time)
      addTo(counts, stretch.replays)
    }
    return
  }
  if (result !== 'valid') return
  proofs.valid += 1
  addTo(figures.proven, senderMethods.indexOf(event.sender.method))
}

/** A proof was there, and does not hold. */
function concernsProof(code: RefusalCode): boolean {
  if (code === 'proof_missing') return false
  return code === 'binding_mismatch' || code.startsWith('proof_') || code.startsWith('nonce_')
}

function addTo(counts: number[], index: number): void {
  counts[index] = (counts[index] as number) + 1
}
