import { numbers } from '../options/defaults.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { ReportedAdvice, ReportedReasons, ReportSnapshot } from '../types/report.ts'
import { cures, routeRule } from './cures.ts'
import { checksToReport, reportOnlyFor, standingOf } from './waiting-checks.ts'
import { grouped, lifetimeName, percent } from './words.ts'

export interface AdvisedFigures extends Omit<ReportSnapshot, 'advice'> {
  /** By their client ids, as `agentClients` takes them. */
  readonly unknownClients: readonly string[]
}

type ReportedReason = ReportedReasons['byCode'][number]

/** From this many keys within a day on, an identity is worth a look: fewer come from restarts. */
const manyKeys = 5
/** A share below this is not worth a finding of its own. Some refusals are usual: tokens expire. */
const worthwhileShare = 0.01
const unusualRefusals = 0.05
/** A cause of so many requests lies in the options or at the issuer, and hides the others. */
const commonShare = 0.5

/**
 * What to do next. First what may be an attack or an outage, then what most requests are refused for, then what a thief of
 * a token could use, then other causes, then what is not known about the callers.
 */
export function advise(figures: AdvisedFigures): readonly ReportedAdvice[] {
  if (figures.events.requests === 0) return [nothingSeen, adviseDropped(figures)].filter((found) => found !== undefined)
  const { common, others } = adviseReasons(figures)
  const findings = [
    adviseReplays(figures),
    adviseForgeries(figures),
    adviseProofs(figures),
    adviseOutages(figures),
    ...common,
    adviseUnbound(figures),
    adviseLifetimes(figures),
    ...others,
    adviseIdentities(figures),
    adviseEnforcing(figures),
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
  reportOnly: [],
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
    reportOnly: [],
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
    reportOnly: [],
    about: clients.top.slice(0, 3).map(({ client, issuer }) => client ?? issuer),
  }
}

function adviseForgeries({ refusals, wouldRefuse, events }: AdvisedFigures): ReportedAdvice | undefined {
  const codes = ['token_signature', 'proof_signature', 'binding_mismatch'] as const
  const forged = countOfCodes(refusals, codes) + countOfCodes(wouldRefuse, codes)
  if (forged === 0) return undefined
  return {
    id: 'forgeries',
    urgency: 'now',
    finding: `${grouped(forged)} of ${grouped(events.requests)} requests had a signature that does not hold, or the key of another.`,
    action: 'Find out who sends them. An honest client does so only where its keys are mixed up.',
    option: 'revocation',
    issuerSetting: null,
    reportOnly: [],
    about: [],
  }
}

function adviseProofs({ proofFailures, refusals, wouldRefuse }: AdvisedFigures): ReportedAdvice | undefined {
  const { rate, exceeded, failures, proofs, threshold, byCode } = proofFailures
  const main = byCode.find(({ code }) => code !== 'proof_replayed' && code !== 'binding_mismatch')
  if (rate === null || !exceeded || main === undefined) return undefined
  const { action, option, issuerSetting } =
    [refusals, wouldRefuse].flatMap(({ byCode: rows }) => rows).find(({ code }) => code === main.code) ??
    cures[main.code]
  return {
    id: 'proof_failures',
    urgency: 'now',
    finding: `${grouped(failures)} of ${grouped(proofs)} proofs failed: ${percent(rate)}, more than ${percent(threshold)}. Most often: ${main.code}.`,
    action,
    option,
    issuerSetting,
    reportOnly: [],
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
    reportOnly: [],
    about: [],
  }
}

function adviseUnbound(figures: AdvisedFigures): ReportedAdvice | undefined {
  const { senders } = figures
  const unbound = senders.methods.find(({ method }) => method === 'none')?.requests ?? 0
  if (unbound === 0) return undefined
  const signed = senders.methods.reduce((sum, { method, requests }) => (method === null ? sum : sum + requests), 0)
  const endings = {
    unseen: 'Then remove the option that admits unbound tokens.',
    observed: 'The option would admit these tokens: it is the last resort.',
    refused: 'The option would admit these tokens: it is the last resort.',
    reported: 'Then take binding_missing out of reportOnly.',
  }
  const standing = standingOf(figures, 'binding_missing')
  return {
    id: 'unbound_tokens',
    urgency: 'soon',
    finding: `${percent(unbound / signed)} of the requests with a signed token (${grouped(unbound)}) came with one that names no key: a thief can use it.`,
    action: `${cures.binding_missing.action} ${endings[standing]}`,
    option: standing === 'reported' ? 'reportOnly' : cures.binding_missing.option,
    issuerSetting: cures.binding_missing.issuerSetting,
    reportOnly: reportOnlyFor(figures, 'binding_missing'),
    about: senders.byIssuer
      .filter((issuer) => issuer.unbound > 0)
      .slice(0, 3)
      .map(({ issuer }) => issuer),
  }
}

function adviseLifetimes(figures: AdvisedFigures): ReportedAdvice | undefined {
  const { overDefault, requests, longestSeconds, byIssuer } = figures.lifetimes
  if (overDefault === 0) return undefined
  const usual = numbers['issuer.maxTokenSeconds'].default
  const isReported = standingOf(figures, 'token_lifetime') === 'reported'
  const { action, option, issuerSetting } = cures.token_lifetime
  return {
    id: 'long_lifetimes',
    urgency: 'soon',
    finding: `${percent(overDefault / requests)} of the requests with a signed token came with one that lives longer than ${usual} seconds; the longest lives ${lifetimeName(longestSeconds ?? 0)}.`,
    action: isReported ? `${action} Then take token_lifetime out of reportOnly.` : action,
    option: isReported ? 'reportOnly' : option,
    issuerSetting,
    reportOnly: reportOnlyFor(figures, 'token_lifetime'),
    about: byIssuer
      .filter((issuer) => issuer.overDefault > 0)
      .slice(0, 3)
      .map(({ issuer }) => issuer),
  }
}

/** An observer refuses nothing: what it saw has an end. */
function adviseEnforcing(figures: AdvisedFigures): ReportedAdvice | undefined {
  const { observed } = figures.events
  if (observed === 0 || figures.wouldRefuse.requests === 0) return undefined
  const reportOnly = checksToReport(figures)
  const listing = reportOnly.length === 0 ? '' : ' What cannot be changed yet goes into reportOnly and is admitted.'
  return {
    id: 'report_only',
    urgency: 'next',
    finding: `${grouped(observed)} requests were only observed: this package refuses nothing so far.`,
    action: `When the causes above are gone, put agentAuth in the place of observeAgents.${listing}`,
    option: reportOnly.length === 0 ? null : 'reportOnly',
    issuerSetting: null,
    reportOnly,
    about: [],
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

function isToldElsewhere({ code }: ReportedReason): boolean {
  return toldElsewhere.has(code) || code.endsWith('_unavailable')
}

/** At most two causes of would-be refusals, and two of refusals. What one option cures is one finding. */
function adviseReasons(figures: AdvisedFigures): Readonly<Record<'common' | 'others', readonly ReportedAdvice[]>> {
  const { wouldRefuse, refusals, events } = figures
  const told = new Set<string>()
  const rowsOf = ({ byCode }: ReportedReasons, least: number): readonly ReportedReason[] => {
    const rows: ReportedReason[] = []
    for (const row of byCode) {
      const names = [row.code, ...(row.option === null || row.option === routeRule ? [] : [row.option])]
      if (isToldElsewhere(row) || row.requests / events.requests < least || names.some((name) => told.has(name)))
        continue
      for (const name of names) told.add(name)
      rows.push(row)
      if (rows.length === 2) break
    }
    return rows
  }
  const would = rowsOf(wouldRefuse, worthwhileShare).map((row) => ({
    row,
    id: 'would_refuse',
    finding: `${grouped(row.requests)} requests would be refused (${row.code}); ${grouped(row.alone)} times that is the only reason.`,
  }))
  const did = rowsOf(refusals, unusualRefusals).map((row) => ({
    row,
    id: 'refused',
    finding: `${percent(row.requests / events.requests)} of the requests (${grouped(row.requests)}) were refused: ${row.code}.`,
  }))
  const causes = [...would, ...did].map(({ row, id, finding }) => {
    const { code, action, option, issuerSetting } = row
    const reportOnly = reportOnlyFor(figures, code)
    const advice = { urgency: 'soon', finding, action, option, issuerSetting, reportOnly, about: [] } as const
    return { isCommon: row.requests / events.requests >= commonShare, advice: { id: `${id}:${code}`, ...advice } }
  })
  return {
    common: causes.filter(({ isCommon }) => isCommon).map(({ advice }) => advice),
    others: causes.filter(({ isCommon }) => !isCommon).map(({ advice }) => advice),
  }
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
    reportOnly: [],
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
    reportOnly: [],
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
    reportOnly: [],
    about: [],
  }
}

function adviseUnknownKinds({ callers, delegations, unknownClients }: AdvisedFigures): ReportedAdvice | undefined {
  const unknown = callers.kinds.reduce((sum, row) => (row.kind === 'unknown' ? sum + row.requests : sum), 0)
  if (unknown / Math.max(1, delegations.requests) < worthwhileShare) return undefined
  return {
    id: 'unknown_kinds',
    urgency: 'next',
    finding: `Of ${percent(unknown / delegations.requests)} of the requests with a signed token it is not known whether an agent or a human calls.`,
    action: 'Say which clients are agents, or let the issuer say so in its tokens.',
    option: 'issuer.agentClients',
    issuerSetting: null,
    reportOnly: [],
    about: unknownClients,
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
    reportOnly: [],
    about: [],
  }
}

function countOfCodes({ byCode }: ReportedReasons, codes: readonly RefusalCode[]): number {
  return byCode.reduce((sum, row) => (codes.includes(row.code) ? sum + row.requests : sum), 0)
}
