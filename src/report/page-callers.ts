import type { ReportedCallers, ReportedFlow, ReportSnapshot } from '../types/report.ts'
import { flowPicture } from './flow-picture.ts'
import { type Markup, markup } from './markup.ts'
import {
  barMarkup,
  codeMarkup,
  colourOfKind,
  detailsMarkup,
  hasSeveralIssuers,
  kindLegend,
  legendMarkup,
  partyMarkup,
  seriesMarkup,
  tableMarkup,
} from './page-parts.ts'
import { printableText } from './printable.ts'
import { stretchName, timePicture } from './time-picture.ts'
import { boundedCount, distinctCount, grouped, percent, timeOf } from './words.ts'

const number = true as const

export function callersSection({ callers, events }: ReportSnapshot): readonly Markup[] {
  if (events.requests === 0) return [markup`<p>No request was seen.</p>`]
  const share = percent(callers.involvingAgents / events.requests)
  return [
    markup`<p class="lead">An agent takes part in ${share} of the requests. There are ${distinctCount(callers.actors)} different callers whose token was signed by a trusted issuer.</p>`,
    kindsTable(callers),
    markup`<h3>Over time</h3>`,
    overTimeFigure(callers),
    seriesMarkup(overTimeTable(callers)),
    markup`<h3>Who calls most</h3>`,
    actorsTable(callers),
  ]
}

function kindsTable({ kinds, unidentified }: ReportedCallers): Markup {
  const all = kinds.reduce((sum, { requests }) => sum + requests, unidentified)
  const row = (name: Markup, colour: string, requests: number) => [
    markup`${name}${barMarkup(requests / all, colour)}`,
    markup`${grouped(requests)}`,
    markup`${percent(requests / all)}`,
  ]
  const rows = kinds.map(({ kind, authority, requests }) =>
    row(markup`${kind}, <span class="soft">${authority}</span>`, colourOfKind(kind), requests),
  )
  if (unidentified > 0) rows.push(row(markup`no signed token`, 'unsigned', unidentified))
  return tableMarkup({
    caption: 'Requests by the kind of who calls, and by authority',
    columns: [{ head: 'who calls' }, { head: 'requests', isNumber: number }, { head: 'share', isNumber: number }],
    rows,
  })
}

const layers = [...kindLegend, ['unsigned', 'no signed token']] as const

function overTimeFigure({ overTime }: ReportedCallers): Markup {
  const peak = Math.max(...overTime.buckets.map(({ requests }) => requests))
  const stretch = stretchName(overTime.bucketMs)
  const picture = timePicture(overTime, {
    id: 'over-time',
    title: 'Requests over time, by the kind of who calls',
    description: `At most ${grouped(peak)} requests in ${stretch}. The table below has the same figures.`,
    layersOf: ({ kinds, unidentified }) => [
      ['agent', kinds.agent],
      ['human', kinds.human],
      ['service', kinds.service],
      ['other', kinds.app + kinds.device + kinds.unknown],
      ['unsigned', unidentified],
    ],
  })
  return markup`<figure><p class="peak">Each bar is ${stretch}. The highest has ${grouped(peak)} requests.</p>${picture}${legendMarkup(layers)}</figure>`
}

function overTimeTable({ overTime }: ReportedCallers): Markup {
  return tableMarkup({
    caption: `Requests over time, in stretches of ${stretchName(overTime.bucketMs)}`,
    isWide: true,
    columns: [
      { head: 'from' },
      ...['agents', 'humans', 'services', 'others', 'no signed token', 'refused', 'would be'].map((head) => ({
        head,
        isNumber: number,
      })),
    ],
    rows: overTime.buckets.map(({ start, kinds, unidentified, refused, wouldRefuse }) => [
      markup`${timeOf(start)}`,
      ...[
        kinds.agent,
        kinds.human,
        kinds.service,
        kinds.app + kinds.device + kinds.unknown,
        unidentified,
        refused,
        wouldRefuse,
      ].map((value) => markup`${grouped(value)}`),
    ]),
  })
}

function actorsTable({ actors }: ReportedCallers): Markup {
  if (actors.top.length === 0) return markup`<p>No caller had a signed token.</p>`
  const several = hasSeveralIssuers(actors.top.map(({ party }) => party))
  return tableMarkup({
    caption: actors.exact
      ? 'Callers with the most requests'
      : 'Callers with the most requests, as far as all could be counted',
    columns: [{ head: 'caller' }, { head: 'requests', isNumber: number }],
    rows: actors.top.slice(0, 10).map((row) => [partyMarkup(row.party, several), markup`${boundedCount(row)}`]),
  })
}

export function delegationsSection({ delegations }: ReportSnapshot): readonly Markup[] {
  const { requests, delegated, flows, principals, warnings } = delegations
  if (requests === 0) return [markup`<p>No request had a signed token, so that nothing is known of the parties.</p>`]
  const lead = markup`<p class="lead">In ${percent(delegated / requests)} of ${grouped(requests)} requests an actor uses the authority of another: there are ${distinctCount(principals)} principals, and ${distinctCount(flows)} ways from one of them to this API.</p>`
  const table = detailsMarkup('The picture as a table', flowsTable(delegations))
  const parts = [lead, flowPicture(delegations), table]
  if (warnings.length === 0) return parts
  const rows = warnings.map(({ code, requests: count }) => [codeMarkup(printableText(code)), markup`${grouped(count)}`])
  const columns = [{ head: 'warning' }, { head: 'requests', isNumber: number }]
  return [
    ...parts,
    markup`<h3>What is unusual about the tokens</h3>`,
    tableMarkup({ caption: 'Warnings of contexts', columns, rows }),
  ]
}

function flowsTable({ flows }: ReportSnapshot['delegations']): Markup {
  const several = hasSeveralIssuers(flows.top.map(({ principal }) => principal))
  const rows = flows.top.map((flow) => [
    partyMarkup(flow.principal, several),
    actorsMarkup(flow, several),
    markup`${boundedCount(flow)}`,
  ])
  if (flows.rest > 0)
    rows.push([markup`all others`, markup``, markup`${flows.exact ? '' : 'at most '}${grouped(flows.rest)}`])
  return tableMarkup({
    caption: 'Ways from principals to this API, the largest first',
    isWide: true,
    columns: [{ head: 'on behalf of' }, { head: 'calling, latest first' }, { head: 'requests', isNumber: number }],
    rows,
  })
}

function actorsMarkup({ actors, earlier }: ReportedFlow, several: boolean): Markup {
  if (actors.length === 0) return markup`the principal itself`
  const parts = actors.map((actor, at) => markup`${at === 0 ? '' : ' for '}${partyMarkup(actor, several)}`)
  return markup`${parts}${earlier > 0 ? ` and ${earlier} earlier` : ''}`
}
