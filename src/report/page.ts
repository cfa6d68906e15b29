import type { ReportedAdvice, ReportSnapshot } from '../types/report.ts'
import { type Markup, markup, rawMarkup } from './markup.ts'
import { beginning } from './page-beginning.ts'
import { callersSection, delegationsSection } from './page-callers.ts'
import { detailsMarkup, nameMarkup, sectionMarkup } from './page-parts.ts'
import { proofSection, replaysSection } from './page-proofs.ts'
import { identitiesSection, lifetimesSection, ownersSection, reasonsSection } from './page-tokens.ts'
import { printableText } from './printable.ts'
import { pagePolicy, pageStyle } from './style.ts'
import { reportOnlyText } from './waiting-checks.ts'
import { grouped, percent, periodOf, timeOf } from './words.ts'

/** Findings that stand on the page at once. */
const mainFindings = 3

interface Section {
  readonly id: string
  readonly title: string
  /** In the list of links. */
  readonly link: string
  write(figures: ReportSnapshot): readonly Markup[]
}

const sections: readonly Section[] = [
  { id: 'next', title: 'What to do next', link: 'Next steps', write: adviceSection },
  { id: 'callers', title: 'Who calls', link: 'Callers', write: callersSection },
  { id: 'behalf', title: 'On whose behalf', link: 'Delegation', write: delegationsSection },
  { id: 'proof', title: 'How proven', link: 'Proofs', write: proofSection },
  { id: 'refusals', title: 'What is refused, and what would be', link: 'Refusals', write: reasonsSection },
  { id: 'lifetimes', title: 'How long tokens live', link: 'Lifetimes', write: lifetimesSection },
  { id: 'owners', title: 'Who answers for the agents', link: 'Owners', write: ownersSection },
  { id: 'identities', title: 'Shared identities', link: 'Identities', write: identitiesSection },
  { id: 'replays', title: 'Replay attempts', link: 'Replays', write: replaysSection },
]

/** One file: no script, one style, nothing from elsewhere. */
export function createPage(figures: ReportSnapshot): string {
  const isEmpty = figures.events.requests === 0
  const shown = isEmpty ? [emptySection(figures)] : sections.map((section) => sectionOf(section, figures))
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Agent report${figures.until === null ? '' : `, ${timeOf(figures.until)}`}</title>
<style>${rawMarkup(pageStyle)}</style>
</head>
<body>
<div class="sheet">
<a class="skip" href="#main">Skip to the findings</a>
<header>
<p class="eyebrow">onbehalf</p>
<h1>Who calls this API, and on whose behalf</h1>
<p class="soft">${periodOf(figures.since, figures.until)}</p>
${isEmpty ? markup`` : summaryOf(figures)}</header>
<main id="main">
${shown}</main>
${footerOf(figures)}
</div>
</body>
</html>
`
  return page.text
}

function sectionOf({ id, title, write }: Section, figures: ReportSnapshot): Markup {
  return sectionMarkup(id, title, write(figures))
}

/** Before the first request there is nothing to tell but how to begin. */
function emptySection(figures: ReportSnapshot): Markup {
  return sectionMarkup('next', 'What to do next', [...adviceSection(figures), ...beginning()])
}

function summaryOf({ events, callers, wouldRefuse }: ReportSnapshot): Markup {
  const share = (count: number) => percent(count / events.requests)
  const totals: readonly (readonly [name: string, count: string, share?: string])[] = [
    ['requests', grouped(events.requests)],
    ['with an agent', share(callers.involvingAgents)],
    ...(events.observed > 0 ? [['only observed', grouped(events.observed)] as const] : []),
    ...(events.observed < events.requests
      ? ([
          ['admitted', grouped(events.admitted)],
          ['refused', grouped(events.refused), share(events.refused)],
        ] as const)
      : []),
    ...(wouldRefuse.requests > 0
      ? [['would be refused', grouped(wouldRefuse.requests), share(wouldRefuse.requests)] as const]
      : []),
  ]
  const items = totals.map(([name, count, part]) => {
    const beside = part === undefined ? markup`` : markup` <small>${part}</small>`
    return markup`<div><dt>${name}</dt><dd>${count}${beside}</dd></div>`
  })
  const links = sections.map(({ id, link }) => markup`<li><a href="#${id}">${link}</a></li>`)
  return markup`<dl class="totals">${items}</dl>
<nav aria-label="Sections"><ul>${links}</ul></nav>
`
}

function adviceSection({ advice }: ReportSnapshot): readonly Markup[] {
  const main = markup`<ol class="advice">${advice.slice(0, mainFindings).map(findingMarkup)}</ol>`
  if (advice.length <= mainFindings) return [main]
  const more = markup`<ol class="advice" start="${mainFindings + 1}">${advice.slice(mainFindings).map(findingMarkup)}</ol>`
  const count = advice.length - mainFindings
  return [main, detailsMarkup(`${count} more finding${count === 1 ? '' : 's'}`, more)]
}

const urgencies = { now: 'Look at this now', soon: 'Change this soon', next: 'Next' } as const

function findingMarkup({ urgency, finding, action, option, issuerSetting, reportOnly, about }: ReportedAdvice): Markup {
  const facts: readonly (readonly [string, Markup])[] = [
    ...(option === null ? [] : [['Option', markup`<code>${printableText(option)}</code>`] as const]),
    ...(issuerSetting === null ? [] : [['At the issuer', markup`${issuerSetting}`] as const]),
    ...(reportOnly.length === 0 ? [] : [['Until then', markup`<code>${reportOnlyText(reportOnly)}</code>`] as const]),
    ...(about.length === 0 ? [] : [['Mostly', listMarkup(about.map(nameMarkup))] as const]),
  ]
  const list = markup`<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
  return markup`<li class="${urgency}"><p class="urgency">${urgencies[urgency]}</p><h3>${finding}</h3><p>${action}</p>${facts.length === 0 ? markup`` : list}</li>
`
}

function listMarkup(items: readonly Markup[]): Markup {
  return markup`${items.map((item, at) => (at === 0 ? item : markup`, ${item}`))}`
}

function footerOf({ events }: ReportSnapshot): Markup {
  const lost =
    events.unreadable > 0
      ? markup`<p>${grouped(events.unreadable)} events had no time and are not counted.</p>`
      : markup``
  return markup`<footer>
<p>Counts are exact unless they say “at least”. Times are UTC. Names come from tokens: what cannot be seen in them is written as an escape, and long ones are cut.</p>${lost}
</footer>`
}
