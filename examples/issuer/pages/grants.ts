import type { ConsentGiven } from '../consents.ts'
import { detailEntries } from './details.ts'
import { type Html, html } from './layout.ts'

/** All that agents may do in a person's name, each with a button to end it. */
export function grantsPage(person: string, grants: readonly ConsentGiven[]): Html {
  const told =
    grants.length === 0 ? html`<p>${person}, no agent acts for you.</p>` : html`<p>${person}, these act for you:</p>`
  return html`${told}${grants.map(entry)}
<form method="post" action="/grants"><button type="submit" name="do" value="sign-out">Sign out</button></form>`
}

function entry({ id, agent, owner, resources, details, until }: ConsentGiven): Html {
  const end = new Date(until * 1_000).toISOString().slice(0, 16).replace('T', ' ')
  return html`<section aria-labelledby="name-${id}"><h2 id="name-${id}">${agent}</h2>
<p>Of ${owner}, until <time datetime="${end.replace(' ', 'T')}Z" id="end-${id}">${end} UTC</time></p>
<dl>${resources.map(([resource, scope]) => html`<dt>At ${resource}</dt><dd><ul>${scope.split(' ').map((one) => html`<li><code>${one}</code></li>`)}</ul></dd>`)}${detailEntries(details)}</dl>
<form method="post" action="/grants"><input type="hidden" name="grant" value="${id}"><button type="submit" aria-describedby="end-${id}">Take back from ${agent}</button></form></section>`
}
