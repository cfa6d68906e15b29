import type { ReportedSenders, ReportSnapshot } from '../types/report.ts'
import { type Markup, markup } from './markup.ts'
import { barMarkup, codeMarkup, legendMarkup, nameMarkup, seriesMarkup, tableMarkup } from './page-parts.ts'
import { stretchName, timePicture } from './time-picture.ts'
import { grouped, percent, timeOf } from './words.ts'

const number = true as const

const methodNames = {
  dpop: 'a key, by DPoP',
  mtls: 'a client certificate',
  'dpop+mtls': 'a key and a certificate',
  none: 'nothing: the token is unbound',
} as const

export function proofSection(figures: ReportSnapshot): readonly Markup[] {
  const { senders, callers } = figures
  const known = senders.methods.filter(({ method, requests }) => method !== null && requests > 0)
  const signed = known.reduce((sum, { requests }) => sum + requests, 0)
  if (signed === 0) return [markup`<p>No request had a signed token.</p>`]
  const unbound = known.find(({ method }) => method === 'none')?.requests ?? 0
  const lead = markup`<p class="lead">${percent((signed - unbound) / signed)} of the requests with a signed token were bound to a key or a certificate of the caller.${trendSentence(senders)}</p>`
  const buckets = callers.overTime.buckets.filter(({ bound, unbound: count }) => bound + count > 0)
  const parts = [lead, methodsTable(senders, signed)]
  if (buckets.length > 1) {
    parts.push(markup`<h3>Unbound tokens over time</h3>`, unboundFigure(figures), unboundTable(figures))
  }
  if (unbound > 0 && senders.byIssuer.length > 0) parts.push(markup`<h3>By issuer</h3>`, issuersTable(senders))
  return parts
}

function trendSentence({ trend }: ReportedSenders): string {
  if (trend === null || trend.first.unbound + trend.last.unbound === 0) return ''
  const [first, last] = [trend.first, trend.last].map(({ unbound, requests }) =>
    percent(unbound / Math.max(1, requests)),
  )
  return ` Unbound were ${first} of them in the first quarter of the time and ${last} in the last.`
}

function methodsTable({ methods }: ReportedSenders, signed: number): Markup {
  const rows = methods.flatMap(({ method, requests, proven }) => {
    if (method === null || requests === 0) return []
    const name = markup`${methodNames[method]}${barMarkup(requests / signed, method === 'none' ? 'unbound' : 'bound')}`
    const held = method === 'none' ? markup`–` : markup`${grouped(proven)}`
    return [[name, markup`${grouped(requests)}`, markup`${percent(requests / signed)}`, held]]
  })
  return tableMarkup({
    caption: 'Requests by what the token is bound to',
    columns: [
      { head: 'bound to' },
      { head: 'requests', isNumber: number },
      { head: 'share', isNumber: number },
      { head: 'proof held', isNumber: number },
    ],
    rows,
  })
}

function unboundFigure({ callers }: ReportSnapshot): Markup {
  const picture = timePicture(callers.overTime, {
    id: 'unbound-time',
    title: 'Share of unbound tokens over time',
    description: 'Each bar is the whole of the requests with a signed token. The table below has the same figures.',
    layersOf: ({ bound, unbound }) =>
      bound + unbound === 0
        ? []
        : [
            ['unbound', unbound / (bound + unbound)],
            ['track', bound / (bound + unbound)],
          ],
    full: 1,
    isLow: true,
  })
  return markup`<figure><p class="peak">Each bar is the whole of ${stretchName(callers.overTime.bucketMs)}.</p>${picture}${legendMarkup(
    [
      ['unbound', 'unbound'],
      ['track', 'bound'],
    ],
  )}</figure>`
}

function unboundTable({ callers }: ReportSnapshot): Markup {
  const rows = callers.overTime.buckets.map(({ start, bound, unbound }) => [
    markup`${timeOf(start)}`,
    markup`${grouped(bound)}`,
    markup`${grouped(unbound)}`,
  ])
  const columns = [{ head: 'from' }, { head: 'bound', isNumber: number }, { head: 'unbound', isNumber: number }]
  return seriesMarkup(tableMarkup({ caption: 'Bound and unbound tokens over time', columns, rows }))
}

function issuersTable({ byIssuer }: ReportedSenders): Markup {
  return tableMarkup({
    caption: 'Unbound tokens by issuer',
    columns: [{ head: 'issuer' }, { head: 'requests', isNumber: number }, { head: 'unbound', isNumber: number }],
    rows: byIssuer.map(({ issuer, requests, unbound }) => [
      nameMarkup(issuer),
      markup`${grouped(requests)}`,
      markup`${grouped(unbound)}`,
    ]),
  })
}

export function replaysSection({ replays, proofFailures }: ReportSnapshot): readonly Markup[] {
  const { proofs, failures, rate, threshold, exceeded, byCode, nonceRequests } = proofFailures
  const lead =
    replays.attempts === 0
      ? markup`<p class="lead">No proof was sent a second time.</p>`
      : markup`<p class="lead">${grouped(replays.attempts)} proofs were sent a second time, ${grouped(replays.last24Hours)} of them in the last 24 hours.</p>`
  const parts = [lead]
  if (replays.attempts > 0) parts.push(clientsTable(replays))
  parts.push(markup`<h3>Failed proofs</h3>`)
  if (rate === null) return [...parts, markup`<p>No proof was judged.</p>`]
  const verdict = exceeded ? `more than ${percent(threshold)}: find the cause` : `up to ${percent(threshold)} is usual`
  const nonces = nonceRequests === 0 ? '' : ` Beside that, ${grouped(nonceRequests)} were asked for a nonce.`
  parts.push(
    markup`<p>${grouped(failures)} of ${grouped(proofs)} proofs failed (${percent(rate)}; ${verdict}).${nonces}</p>`,
  )
  if (byCode.length === 0) return parts
  const rows = byCode.map(({ code, requests }) => [
    codeMarkup(code),
    markup`${grouped(requests)}`,
    markup`${percent(requests / proofs)}`,
  ])
  const columns = [{ head: 'code' }, { head: 'proofs', isNumber: number }, { head: 'share', isNumber: number }]
  return [...parts, tableMarkup({ caption: 'Failed proofs by cause', columns, rows })]
}

function clientsTable({ clients }: ReportSnapshot['replays']): Markup {
  return tableMarkup({
    caption: 'Replay attempts by client',
    columns: [{ head: 'client' }, { head: 'attempts', isNumber: number }, { head: 'in 24 hours', isNumber: number }],
    rows: clients.top.map(({ client, issuer, attempts, attemptsAtMost, last24Hours }) => [
      markup`${client === null ? 'unnamed' : nameMarkup(client)} <span class="small">of ${nameMarkup(issuer)}</span>`,
      markup`${attempts === attemptsAtMost ? '' : 'at least '}${grouped(attempts)}`,
      markup`${grouped(last24Hours)}`,
    ]),
  })
}
