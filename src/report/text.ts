import type { ReportedReasons, ReportSnapshot } from '../types/report.ts'
import { printableName, printableText } from './printable.ts'
import { reportOnlyText } from './waiting-checks.ts'
import { boundedCount, distinctCount, grouped, lifetimeName, percent, periodOf } from './words.ts'

const lineLength = 80
const listed = 8

/** The report in lines for a terminal. Names stand at the end of a line, so that none can displace a figure. */
export function writeText(figures: ReportSnapshot): string {
  const { since, until, events } = figures
  const observed = events.observed > 0 ? `, ${grouped(events.observed)} only observed` : ''
  const lines = [
    'Who calls this API, and on whose behalf',
    periodOf(since, until),
    `${grouped(events.requests)} requests: ${grouped(events.admitted)} admitted, ${grouped(events.refused)} refused${observed}`,
    ...under('What to do next', adviceLines(figures)),
    ...(events.requests === 0 ? [] : figureLines(figures)),
    '',
    ...wrap('Counts are exact unless they say "at least". Times are UTC.'),
  ]
  return `${lines.join('\n')}\n`
}

function figureLines(figures: ReportSnapshot): readonly string[] {
  return [
    ...under('Who calls', callerLines(figures)),
    ...under('On whose behalf', flowLines(figures)),
    ...under('How proven', proofLines(figures)),
    ...under('Would be refused', reasonLines(figures.wouldRefuse)),
    ...under('Refused', reasonLines(figures.refusals)),
    ...under('How long tokens live', lifetimeLines(figures)),
    ...under('Who answers for the agents', ownerLines(figures)),
    ...under('Shared identities', identityLines(figures)),
    ...under('Replay attempts', replayLines(figures)),
  ]
}

function under(title: string, lines: readonly string[]): readonly string[] {
  return ['', title, '-'.repeat(title.length), ...lines]
}

function adviceLines({ advice }: ReportSnapshot): readonly string[] {
  return advice.flatMap(({ finding, action, option, issuerSetting, reportOnly, about }, at) => [
    ...wrap(`${at + 1}. ${finding}`, '', '   '),
    ...wrap(action, '   '),
    ...(option === null ? [] : wrap(`Option: ${printableText(option)}`, '   ')),
    ...(issuerSetting === null ? [] : wrap(`At the issuer: ${issuerSetting}`, '   ')),
    ...(reportOnly.length === 0 ? [] : wrap(`Until then: ${reportOnlyText(reportOnly)}`, '   ')),
    ...about.map((name) => `   - ${printableName(name)}`),
  ])
}

function callerLines({ callers }: ReportSnapshot): readonly string[] {
  return [
    ...callers.kinds.map(({ kind, authority, requests }) => row(grouped(requests), `${kind}, ${authority}`)),
    ...(callers.unidentified === 0 ? [] : [row(grouped(callers.unidentified), 'no signed token')]),
    `Different callers: ${distinctCount(callers.actors)}`,
    ...callers.actors.top
      .slice(0, listed)
      .map((actor) => row(boundedCount(actor), `${actor.party.kind} ${printableName(actor.party.subject)}`)),
  ]
}

function flowLines({ delegations }: ReportSnapshot): readonly string[] {
  const { flows, principals } = delegations
  const rows = flows.top.slice(0, listed).map((flow) => {
    const [actor] = flow.actors
    const by = actor === undefined ? 'itself' : printableName(actor.subject, 24)
    const more = flow.actors.length - 1 + flow.earlier
    const handedOn = more > 0 ? ` (+ ${more} earlier)` : ''
    return row(boundedCount(flow), `${printableName(flow.principal.subject, 24)} > ${by}${handedOn}`)
  })
  const told = flows.top.slice(0, listed).reduce((sum, { requests }) => sum + requests, 0)
  const rest = delegations.requests - told
  return [
    `Principals: ${distinctCount(principals)}; ways to this API: ${distinctCount(flows)}`,
    ...rows,
    ...(rest > 0 ? [row(`${flows.exact ? '' : 'at most '}${grouped(rest)}`, 'all others')] : []),
  ]
}

function proofLines({ senders, proofFailures }: ReportSnapshot): readonly string[] {
  const { trend } = senders
  const shares =
    trend === null ? [] : [trend.first, trend.last].map((at) => percent(at.unbound / Math.max(1, at.requests)))
  return [
    ...senders.methods
      .filter(({ method, requests }) => method !== null && requests > 0)
      .map(({ method, requests }) => row(grouped(requests), method === 'none' ? 'unbound' : (method ?? ''))),
    ...(shares.length === 2
      ? [`Unbound: ${shares[0]} in the first quarter of the time, ${shares[1]} in the last`]
      : []),
    ...(proofFailures.rate === null
      ? []
      : [
          `Failed proofs: ${grouped(proofFailures.failures)} of ${grouped(proofFailures.proofs)} (${percent(proofFailures.rate)})`,
        ]),
  ]
}

function reasonLines({ byCode }: ReportedReasons): readonly string[] {
  if (byCode.length === 0) return ['None']
  return byCode.map(({ code, requests, option }) =>
    row(grouped(requests), option === null ? code : `${code} (${printableText(option)})`),
  )
}

function lifetimeLines({ lifetimes }: ReportSnapshot): readonly string[] {
  const { longestSeconds, requests, overDefault, buckets } = lifetimes
  if (longestSeconds === null) return ['No signed token was seen']
  return [
    ...buckets
      .filter((bucket) => bucket.requests > 0)
      .map(({ upToSeconds, requests: count }) =>
        row(grouped(count), upToSeconds === null ? 'longer' : `up to ${lifetimeName(upToSeconds)}`),
      ),
    `Longer than five minutes: ${percent(overDefault / requests)}; the longest: ${lifetimeName(longestSeconds)}`,
  ]
}

function ownerLines({ owners }: ReportSnapshot): readonly string[] {
  if (owners.actors.distinct === 0) return ['No agent called']
  return [
    `Agents with an owner: ${grouped(owners.actors.withOwner)} of ${distinctCount(owners.actors)}`,
    ...owners.without.slice(0, listed).map((agent) => row(boundedCount(agent), printableName(agent.party.subject))),
  ]
}

function identityLines({ sharedIdentities }: ReportSnapshot): readonly string[] {
  if (sharedIdentities.distinct === 0) return ['No caller proved more than one key within a day']
  return sharedIdentities.actors
    .slice(0, listed)
    .map(({ party, day, keys, exact }) =>
      row(`${exact ? '' : 'at least '}${keys} keys`, `${day} ${printableName(party.subject)}`),
    )
}

function replayLines({ replays }: ReportSnapshot): readonly string[] {
  if (replays.attempts === 0) return ['None']
  return [
    `${grouped(replays.attempts)} in all, ${grouped(replays.last24Hours)} in the last 24 hours`,
    ...replays.clients.top
      .slice(0, listed)
      .map(({ client, issuer, attempts, attemptsAtMost }) =>
        row(`${attempts === attemptsAtMost ? '' : 'at least '}${grouped(attempts)}`, printableName(client ?? issuer)),
      ),
  ]
}

function row(count: string, name: string): string {
  return `${count.padStart(18)}  ${name}`
}

function wrap(text: string, indent = '', hanging = indent): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > lineLength && line.trim() !== '') {
      lines.push(line)
      line = hanging
    }
    line = line.trim() === '' ? `${line}${word}` : `${line} ${word}`
  }
  return [...lines, line]
}
