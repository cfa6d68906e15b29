import type { EntityKind } from '../types/context.ts'
import type { ReportedParty } from '../types/report.ts'
import { type Markup, markup } from './markup.ts'
import { printableName } from './printable.ts'

/** What several sections of the page are made of. */

/** A caller's text: isolated, so that its writing direction ends with it. */
export function nameMarkup(name: string): Markup {
  return markup`<bdi class="name">${printableName(name)}</bdi>`
}

/** A code of this package, which may be broken between its words. */
export function codeMarkup(code: string): Markup {
  const words = code.split('_').map((word, at) => (at === 0 ? markup`${word}` : markup`_<wbr>${word}`))
  return markup`<code class="code">${words}</code>`
}

/** `issuers`: whether it has to be told who asserted it, because there are several. */
export function partyMarkup(party: ReportedParty, issuers: boolean): Markup {
  const { subject, kind, issuer, assertedBy } = party
  const space = issuer === assertedBy ? markup`` : markup` of ${issuer === null ? 'no namespace' : nameMarkup(issuer)}`
  const from = issuers ? markup`, by ${nameMarkup(assertedBy)}` : markup``
  return markup`${nameMarkup(subject)} <span class="kind">${kind}${space}${from}</span>`
}

export function hasSeveralIssuers(parties: readonly ReportedParty[]): boolean {
  return new Set(parties.map(({ assertedBy }) => assertedBy)).size > 1
}

export interface Column {
  readonly head: string
  readonly isNumber?: true
}

export interface Table {
  readonly caption: string
  readonly columns: readonly Column[]
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Markup[])[]
  /** What stands below each row, over its whole width. */
  readonly notes?: readonly Markup[]
  /** On a narrow screen it is scrolled by itself. */
  readonly isWide?: true
}

export function tableMarkup({ caption, columns, rows, notes, isWide }: Table): Markup {
  const heads = columns.map(
    ({ head, isNumber }) =>
      markup`<th scope="col"${isNumber === true ? markup` class="number"` : markup``}>${head}</th>`,
  )
  const body = rows.map((cells, row) => {
    const note = notes?.[row]
    const written = cells.map((cell, at) => cellMarkup(cell, at, columns[at]))
    if (note === undefined) return markup`<tr>${written}</tr>\n`
    return markup`<tr class="cured">${written}</tr>\n<tr class="cure"><td colspan="${columns.length}">${note}</td></tr>\n`
  })
  const table = markup`<table${isWide === true ? markup` class="wide"` : markup``}><caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>${body}</tbody></table>`
  if (isWide !== true) return table
  return markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">${table}</div>`
}

function cellMarkup(cell: Markup, at: number, column: Column | undefined): Markup {
  if (at === 0) return markup`<th scope="row">${cell}</th>`
  return column?.isNumber === true ? markup`<td class="number">${cell}</td>` : markup`<td>${cell}</td>`
}

/** The class of the style for a kind. */
export function colourOfKind(kind: EntityKind): string {
  return kind === 'agent' || kind === 'human' || kind === 'service' ? kind : 'other'
}

/** A bar beside a figure that is written as well: for the eye only. */
export function barMarkup(share: number, kind: string): Markup {
  const width = Math.max(0, Math.min(100, Math.round(share * 1_000) / 10))
  return markup`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="100" height="6"/><rect class="${kind}" width="${width}" height="6"/></svg>`
}

export function detailsMarkup(summary: string, content: Markup): Markup {
  return markup`<details><summary>${summary}</summary>
${content}
</details>`
}

/** The rows behind a picture over time: too many for paper. */
export function seriesMarkup(content: Markup): Markup {
  return markup`<details class="series"><summary>The picture as a table</summary>
${content}
</details>`
}

export function sectionMarkup(id: string, title: string, content: readonly Markup[]): Markup {
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content.map((part) => markup`${part}\n`)}</section>
`
}

export const kindLegend = [
  ['agent', 'agents'],
  ['human', 'humans'],
  ['service', 'services'],
  ['other', 'other or unknown kinds'],
] as const

export function legendMarkup(entries: readonly (readonly [kind: string, label: string])[]): Markup {
  const items = entries.map(
    ([kind, label]) =>
      markup`<li><svg viewBox="0 0 12 12" aria-hidden="true" focusable="false"><rect class="${kind}" width="12" height="12" rx="2"/></svg>${label}</li>`,
  )
  return markup`<ul class="legend">${items}</ul>`
}
