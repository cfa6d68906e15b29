import type { ReportedReasons, ReportSnapshot } from '../types/report.ts'
import { type Markup, markup } from './markup.ts'
import {
  barMarkup,
  codeMarkup,
  detailsMarkup,
  hasSeveralIssuers,
  nameMarkup,
  partyMarkup,
  tableMarkup,
} from './page-parts.ts'
import { printableText } from './printable.ts'
import { boundedCount, distinctCount, grouped, lifetimeName, percent } from './words.ts'

const number = true as const
/** Causes that stand on the page at once. */
const mainCauses = 8

export function reasonsSection({ refusals, wouldRefuse, events }: ReportSnapshot): readonly Markup[] {
  const parts: Markup[] = []
  if (wouldRefuse.requests > 0) {
    parts.push(
      markup`<h3>Would be refused</h3>`,
      markup`<p class="lead">${percent(wouldRefuse.requests / events.requests)} of the requests (${grouped(wouldRefuse.requests)}) would be refused if every check were enforced. “Alone” counts decisions with no other reason: that many are gone once this one is cured.</p>`,
      ...reasonTables(wouldRefuse, events.requests, 'Would-be refusals by cause', true),
    )
  }
  parts.push(markup`<h3>Refused</h3>`)
  if (refusals.requests === 0) return [...parts, markup`<p>No request was refused.</p>`]
  return [
    ...parts,
    markup`<p class="lead">${percent(refusals.requests / events.requests)} of the requests (${grouped(refusals.requests)}) were refused.</p>`,
    ...reasonTables(refusals, events.requests, 'Refusals by cause', false),
  ]
}

function reasonTables(
  { byCode }: ReportedReasons,
  requests: number,
  caption: string,
  hasAlone: boolean,
): readonly Markup[] {
  const main = reasonTable(byCode.slice(0, mainCauses), requests, caption, hasAlone)
  const count = byCode.length - mainCauses
  if (count <= 0) return [main]
  const more = reasonTable(byCode.slice(mainCauses), requests, `${caption}, the rarer ones`, hasAlone)
  return [main, detailsMarkup(count === 1 ? '1 rarer cause' : `${count} rarer causes`, more)]
}

function reasonTable(rows: ReportedReasons['byCode'], all: number, caption: string, hasAlone: boolean): Markup {
  return tableMarkup({
    caption,
    columns: [
      { head: 'cause' },
      { head: 'requests', isNumber: number },
      { head: 'share', isNumber: number },
      ...(hasAlone ? [{ head: 'alone', isNumber: number }] : []),
    ],
    rows: rows.map(({ code, requests, alone }) => [
      codeMarkup(code),
      markup`${grouped(requests)}`,
      markup`${percent(requests / all)}`,
      ...(hasAlone ? [markup`${grouped(alone)}`] : []),
    ]),
    notes: rows.map(({ action, option, issuerSetting }) => {
      const setting =
        option === null ? markup`` : markup`<span class="small">Option: <code>${printableText(option)}</code></span>`
      const there =
        issuerSetting === null ? markup`` : markup`<span class="small">At the issuer: ${issuerSetting}</span>`
      return markup`${action}${setting}${there}`
    }),
  })
}

export function lifetimesSection({ lifetimes }: ReportSnapshot): readonly Markup[] {
  const { requests, buckets, longestSeconds, overDefault, byIssuer } = lifetimes
  if (requests === 0 || longestSeconds === null) return [markup`<p>No request had a signed token.</p>`]
  const parts = [
    markup`<p class="lead">${percent(overDefault / requests)} of the requests came with a token that lives longer than five minutes. The longest lives ${lifetimeName(longestSeconds)}.</p>`,
    tableMarkup({
      caption: 'Requests by the lifetime of their token',
      columns: [{ head: 'lifetime' }, { head: 'requests', isNumber: number }, { head: 'share', isNumber: number }],
      rows: buckets.map(({ upToSeconds, requests: count }, at) => [
        markup`${upToSeconds === null ? 'longer' : `up to ${lifetimeName(upToSeconds)}`}${barMarkup(count / requests, at < 2 ? 'bound' : 'unbound')}`,
        markup`${grouped(count)}`,
        markup`${percent(count / requests)}`,
      ]),
    }),
  ]
  if (overDefault === 0) return parts
  const rows = byIssuer.map((issuer) => [
    nameMarkup(issuer.issuer),
    markup`${grouped(issuer.overDefault)}`,
    markup`${issuer.longestSeconds === null ? '–' : lifetimeName(issuer.longestSeconds)}`,
  ])
  const columns = [
    { head: 'issuer' },
    { head: 'over five minutes', isNumber: number },
    { head: 'longest', isNumber: number },
  ]
  return [...parts, tableMarkup({ caption: 'Long-lived tokens by issuer', columns, rows })]
}

export function ownersSection({ owners }: ReportSnapshot): readonly Markup[] {
  const { withOwner, withoutOwner } = owners.requests
  const all = withOwner + withoutOwner
  if (all === 0) return [markup`<p>No agent called.</p>`]
  const lead = markup`<p class="lead">${grouped(owners.actors.withOwner)} of ${distinctCount(owners.actors)} agents have an owner. ${percent(withOwner / all)} of their requests come from an agent with one.</p>${barMarkup(withOwner / all, 'bound')}`
  if (owners.without.length === 0) return [lead]
  const several = hasSeveralIssuers(owners.without.map(({ party }) => party))
  return [
    lead,
    tableMarkup({
      caption: 'Agents without an owner that call most',
      columns: [{ head: 'agent' }, { head: 'requests', isNumber: number }],
      rows: owners.without.map((row) => [partyMarkup(row.party, several), markup`${boundedCount(row)}`]),
    }),
  ]
}

export function identitiesSection({ sharedIdentities }: ReportSnapshot): readonly Markup[] {
  const { actors, exact, distinct } = sharedIdentities
  if (distinct === 0) return [markup`<p>No caller proved more than one key within a day.</p>`]
  const several = hasSeveralIssuers(actors.map(({ party }) => party))
  return [
    markup`<p class="lead">${exact && distinct === 1 ? 'One caller' : `${distinctCount({ distinct, exact })} callers`} proved more than one key or certificate within a day (UTC). A few come from restarts; many mean that several programs share one identity.</p>`,
    tableMarkup({
      caption: 'Callers with the most keys within a day',
      columns: [{ head: 'caller' }, { head: 'day' }, { head: 'keys', isNumber: number }],
      rows: actors.map(({ party, day, keys, exact: isExact }) => [
        partyMarkup(party, several),
        markup`${day}`,
        markup`${isExact ? '' : 'at least '}${grouped(keys)}`,
      ]),
    }),
  ]
}
