import { numbers } from '../options/defaults.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { ReportedAdvice, ReportedReasons, ReportSnapshot } from '../types/report.ts'
import { cures } from './cures.ts'
import { grouped, lifetimeName, percent } from './words.ts'

export type AdvisedFigures = Omit<ReportSnapshot, 'advice'>

/** From this many keys within a day on, an identity is worth a look: fewer come from restarts. */
const manyKeys = 5
/** A share below this is not worth a finding of its own. Some refusals are usual: tokens expire. */
const worthwhileShare = 0.01
const unusualRefusals = 0.05

/**
 * What to do next. First what may be an attack or an outage, then what a thief of a token could use, then what would be
 * refused, then what is not known about the callers.
 */
export function advise(figures: AdvisedFigures): readonly ReportedAdvice[] {
  if (figures.events.requests === 0) return [nothingSeen, adviseDropped(figures)].filter((found) => found !== undefined)
  const findings = [
    adviseReplays(figures),
    adviseForgeries(figures),
    adviseProofs(figures),
    adviseOutages(figures),
    adviseUnbound(figures),
    adviseLifetimes(figures),
    ...adviseReasons(figures),
    adviseIdentities(figures),
    adviseOwners(figures),
    adviseActorless(figures),
    adviseUnknownKinds(figures),
    adviseDropped(figures),
  ].filter((finding) => finding !== undefined)
  return findings.length === 0 ? [nothingFound(figures)] : findings
}

const nothingSeen: ReportedAdvice = {
  id: 'nothing_seen',
  urgency: 'next',
  finding: 'No request was seen.',
  action: 'Check that the guard stands before your routes, and that this report is among its audit sinks.',
  option: 'audit',
  issuerSetting: null,
  about: [],
}

function nothingFound({ events }: AdvisedFigures): ReportedAdvice {
  const isObserving = events.observed > 0
  return {
    id: isObserving ? 'enforce' : 'nothing_found',
    urgency: 'next',
    finding: isObserving ? 'No observed request would be refused.' : 'Nothing in these figures asks for a change.',
    action: isObserving
      ? 'Put agentAuth in the place of observeAgents.'
      : 'Look again after the next change of a client.',
    option: null,
    issuerSetting: null,
    about: [],
  }
}

function adviseReplays({ replays }: AdvisedFigures): ReportedAdvice | undefined {
  const { attempts, clients } = replays
  if (attempts === 0) return undefined
  const { last24Hours } = replays
  const times =
    attempts === 1 ? '1 proof was sent a second time' : `${grouped(attempts)} proofs were sent a second time`
  const when =
    last24Hours === attempts ? 'all within the last 24 hours' : `${grouped(last24Hours)} of them in the last 24 hours`
  return {
    id: 'replays',
    urgency: 'now',
    finding: `${times}, ${when}.`,
    action: `${cures.proof_replayed.action} If they were captured, revoke the key and the tokens of the client.`,
    option: 'revocation',
    issuerSetting: 'Revoke the tokens of the client, and let it make a new key.',
    about: clients.top.slice(0, 3).map(({ client, issuer }) => client ?? issuer),
  }
}

function adviseForgeries({ refusals, events }: AdvisedFigures): ReportedAdvice | undefined {
  const forged = countOfCodes(refusals, ['token_signature', 'proof_signature', 'binding_mismatch'])
  if (forged === 0) return undefined
  return {
    id: 'forgeries',
    urgency: 'now',
    finding: `${grouped(forged)} of ${grouped(events.requests)} requests had a signature that does not hold, or the key of another.`,
    action: 'Find out who sends them. An honest client does so only where its keys are mixed up.',
    option: 'revocation',
    issuerSetting: null,
    about: [],
  }
}

function adviseProofs({ proofFailures }: AdvisedFigures): ReportedAdvice | undefined {
  const { rate, exceeded, failures, proofs, threshold, byCode } = proofFailures
  const main = byCode.find(({ code }) => code !== 'proof_replayed' && code !== 'binding_mismatch')
  if (rate === null || !exceeded || main === undefined) return undefined
  const { action, option, issuerSetting } = cures[main.code]
  return {
    id: 'proof_failures',
    urgency: 'now',
    finding: `${grouped(failures)} of ${grouped(proofs)} proofs failed: ${percent(rate)}, more than ${percent(threshold)}. Most often: ${main.code}.`,
    action,
    option,
    issuerSetting,
    about: [],
  }
}

function adviseOutages({ refusals }: AdvisedFigures): ReportedAdvice | undefined {
  const outages = refusals.byCode.filter(({ code }) => code.endsWith('_unavailable'))
  const [main] = outages
  if (main === undefined) return undefined
  const requests = outages.reduce((sum, row) => sum + row.requests, 0)
  return {
    id: 'outages',
    urgency: 'now',
    finding: `${grouped(requests)} requests were refused because something on our side could not answer. Most often: ${main.code}.`,
    action: main.action,
    option: main.option,
    issuerSetting: null,
    about: [],
  }
}

function adviseUnbound({ senders }: AdvisedFigures): ReportedAdvice | undefined {
  const unbound = senders.methods.find(({ method }) => method === 'none')?.requests ?? 0
  if (unbound === 0) return undefined
  const signed = senders.methods.reduce((sum, { method, requests }) => (method === null ? sum : sum + requests), 0)
  return {
    id: 'unbound_tokens',
    urgency: 'soon',
    finding: `${percent(unbound / signed)} of the requests (${grouped(unbound)}) came with a token that names no key: a thief can use it.`,
    action: 'Let clients prove a key of their own. Then remove the option that admits unbound tokens.',
    option: cures.binding_missing.option,
    issuerSetting: cures.binding_missing.issuerSetting,
    about: senders.byIssuer
      .filter((issuer) => issuer.unbound > 0)
      .slice(0, 3)
      .map(({ issuer }) => issuer),
  }
}

function adviseLifetimes({ lifetimes }: AdvisedFigures): ReportedAdvice | undefined {
  const { overDefault, requests, longestSeconds, byIssuer } = lifetimes
  if (overDefault === 0) return undefined
  const usual = numbers['issuer.maxTokenSeconds'].default
  return {
    id: 'long_lifetimes',
    urgency: 'soon',
    finding: `${percent(overDefault / requests)} of the requests came with a token that lives longer than ${usual} seconds; the longest lives ${lifetimeName(longestSeconds ?? 0)}.`,
    action: cures.token_lifetime.action,
    option: cures.token_lifetime.option,
    issuerSetting: cures.token_lifetime.issuerSetting,
    about: byIssuer
      .filter((issuer) => issuer.overDefault > 0)
      .slice(0, 3)
      .map(({ issuer }) => issuer),
  }
}

/** Told by findings of their own, or of no concern. */
const toldElsewhere: ReadonlySet<RefusalCode> = new Set([
  'proof_replayed',
  'token_signature',
  'proof_signature',
  'binding_mismatch',
  'binding_missing',
  'token_lifetime',
  'nonce_required',
])

/** At most two causes of would-be refusals, and two of refusals. */
function adviseReasons({ wouldRefuse, refusals, events }: AdvisedFigures): readonly ReportedAdvice[] {
  const isToldHere = (code: RefusalCode) => !toldElsewhere.has(code) && !code.endsWith('_unavailable')
  const told = new Set<RefusalCode>()
  const rowsOf = ({ byCode }: ReportedReasons, least: number) =>
    byCode
      .filter(({ code, requests }) => isToldHere(code) && !told.has(code) && requests / events.requests >= least)
      .slice(0, 2)
  const would = rowsOf(wouldRefuse, worthwhileShare).map((row) => {
    told.add(row.code)
    return reasonAdvice(
      'would_refuse',
      row,
      `${grouped(row.requests)} requests would be refused (${row.code}); ${grouped(row.alone)} times that is the only reason.`,
    )
  })
  const did = rowsOf(refusals, unusualRefusals).map((row) =>
    reasonAdvice(
      'refused',
      row,
      `${percent(row.requests / events.requests)} of the requests (${grouped(row.requests)}) were refused: ${row.code}.`,
    ),
  )
  return [...would, ...did]
}

function reasonAdvice(id: string, row: ReportedReasons['byCode'][number], finding: string): ReportedAdvice {
  const { code, action, option, issuerSetting } = row
  return { id: `${id}:${code}`, urgency: 'soon', finding, action, option, issuerSetting, about: [] }
}

function adviseIdentities({ sharedIdentities }: AdvisedFigures): ReportedAdvice | undefined {
  const many = sharedIdentities.actors.filter(({ keys }) => keys >= manyKeys)
  const [worst] = many
  if (worst === undefined) return undefined
  return {
    id: 'shared_identities',
    urgency: 'soon',
    finding: `One identity proved ${worst.exact ? '' : 'at least '}${grouped(worst.keys)} keys within a day: several programs share it.`,
    action: 'Register each agent by itself. Then one of them can be stopped, and the log tells them apart.',
    option: 'revocation',
    issuerSetting: 'Register one client for each agent, with a key of its own.',
    about: many.slice(0, 3).map(({ party }) => party.subject),
  }
}

function adviseOwners({ owners }: AdvisedFigures): ReportedAdvice | undefined {
  const { withOwner, withoutOwner } = owners.requests
  if (withoutOwner === 0) return undefined
  return {
    id: 'owners_missing',
    urgency: 'next',
    finding: `${percent(withoutOwner / (withOwner + withoutOwner))} of the requests by agents come from agents without an owner.`,
    action: 'Give each agent an owner, in its tokens or in a directory. Then require one.',
    option: 'delegation.requireOwner',
    issuerSetting: cures.owner_missing.issuerSetting,
    about: owners.without.slice(0, 3).map(({ party }) => party.subject),
  }
}

function adviseActorless({ delegations }: AdvisedFigures): ReportedAdvice | undefined {
  const { warnings } = delegations
  const found = warnings.find(({ code }) => code === 'agent_client_without_actor')
  if (found === undefined) return undefined
  return {
    id: 'agent_clients_without_actor',
    urgency: 'next',
    finding: `${grouped(found.requests)} requests of registered agents came with a token that does not name the agent as its actor.`,
    action: 'Let the issuer name the agent in act. Until then the registry says for whom it acts.',
    option: 'issuer.agentClients',
    issuerSetting: 'Use token exchange (RFC 8693), so that tokens name the actor.',
    about: [],
  }
}

function adviseUnknownKinds({ callers, delegations }: AdvisedFigures): ReportedAdvice | undefined {
  const unknown = callers.kinds.reduce((sum, row) => (row.kind === 'unknown' ? sum + row.requests : sum), 0)
  if (unknown / Math.max(1, delegations.requests) < worthwhileShare) return undefined
  return {
    id: 'unknown_kinds',
    urgency: 'next',
    finding: `Of ${percent(unknown / delegations.requests)} of the requests it is not known whether an agent or a human calls.`,
    action: 'Say which clients are agents, or let the issuer say so in its tokens.',
    option: 'issuer.agentClients',
    issuerSetting: null,
    about: callers.actors.top
      .filter(({ party }) => party.kind === 'unknown')
      .slice(0, 3)
      .map(({ party }) => party.subject),
  }
}

function adviseDropped({ events }: AdvisedFigures): ReportedAdvice | undefined {
  if (events.dropped === 0) return undefined
  return {
    id: 'events_dropped',
    urgency: 'next',
    finding: `${grouped(events.dropped)} events never reached this report: its figures are too low.`,
    action: 'Find the sink that is too slow; this one answers at once.',
    option: 'audit',
    issuerSetting: null,
    about: [],
  }
}

function countOfCodes({ byCode }: ReportedReasons, codes: readonly RefusalCode[]): number {
  return byCode.reduce((sum, row) => (codes.includes(row.code) ? sum + row.requests : sum), 0)
}
