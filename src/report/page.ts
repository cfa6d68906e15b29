import type { ReportedAdvice, ReportSnapshot } from '../types/report.ts'
import { type Markup, markup, rawMarkup } from './markup.ts'
import { callersSection, delegationsSection } from './page-callers.ts'
import { detailsMarkup, nameMarkup, sectionMarkup } from './page-parts.ts'
import { proofSection, replaysSection } from './page-proofs.ts'
import { identitiesSection, lifetimesSection, ownersSection, reasonsSection } from './page-tokens.ts'
import { printable } from './printable.ts'
import { pagePolicy, pageStyle } from './style.ts'
import { durationOf, grouped, timeOf } from './words.ts'

/** Findings that stand on the page at once. */
const mainFindings = 3

const sections: readonly (readonly [
  id: string,
  title: string,
  write: (figures: ReportSnapshot) => readonly Markup[],
])[] = [
  ['next', 'What to do next', adviceSection],
  ['callers', 'Who calls', callersSection],
  ['behalf', 'On whose behalf', delegationsSection],
  ['proof', 'How proven', proofSection],
  ['refusals', 'What is refused, and what would be', reasonsSection],
  ['lifetimes', 'How long tokens live', lifetimesSection],
  ['owners', 'Who answers for the agents', ownersSection],
  ['identities', 'Shared identities', identitiesSection],
  ['replays', 'Replay attempts', replaysSection],
]

/** One file: no script, one style, nothing from elsewhere. */
export function createPage(figures: ReportSnapshot): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Agent report, ${timeOf(figures.until)}</title>
<style>${rawMarkup(pageStyle)}</style>
</head>
<body>
<div class="sheet">
<a class="skip" href="#main">Skip to the findings</a>
${headerOf(figures)}
<main id="main">
${sections.map(([id, title, write]) => sectionMarkup(id, title, write(figures)))}</main>
${footerOf(figures)}
</div>
</body>
</html>
`
  return page.text
}

function headerOf({ since, until, events }: ReportSnapshot): Markup {
  const length = since === null || until === null ? '' : ` (${durationOf(until - since)})`
  const totals: readonly (readonly [string, number])[] = [
    ['requests', events.requests],
    ['admitted', events.admitted],
    ['refused', events.refused],
    ...(events.observed > 0 ? [['only observed', events.observed] as const] : []),
  ]
  const links = sections.map(([id, title]) => markup`<li><a href="#${id}">${title}</a></li>`)
  return markup`<header>
<p class="eyebrow">onbehalf</p>
<h1>Who calls this API, and on whose behalf</h1>
<p class="soft">From ${timeOf(since)} to ${timeOf(until)}${length}</p>
<dl class="totals">${totals.map(([name, count]) => markup`<div><dt>${name}</dt><dd>${grouped(count)}</dd></div>`)}</dl>
<nav aria-label="Sections"><ul>${links}</ul></nav>
</header>`
}

function adviceSection({ advice }: ReportSnapshot): readonly Markup[] {
  const main = markup`<ol class="advice">${advice.slice(0, mainFindings).map(findingMarkup)}</ol>`
  if (advice.length <= mainFindings) return [main]
  const more = markup`<ol class="advice" start="${mainFindings + 1}">${advice.slice(mainFindings).map(findingMarkup)}</ol>`
  const count = advice.length - mainFindings
  return [main, detailsMarkup(`${count} more finding${count === 1 ? '' : 's'}`, more)]
}

const urgencies = { now: 'Look at this now', soon: 'Change this soon', next: 'Then' } as const

function findingMarkup({ urgency, finding, action, option, issuerSetting, about }: ReportedAdvice): Markup {
  const facts: readonly (readonly [string, Markup])[] = [
    ...(option === null ? [] : [['Option', markup`<code>${printable(option)}</code>`] as const]),
    ...(issuerSetting === null ? [] : [['At the issuer', markup`${issuerSetting}`] as const]),
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
