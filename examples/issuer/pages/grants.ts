import type { ConsentGiven } from '../consents.ts'
import { type Html, html } from './layout.ts'

/** All that agents may do in a person's name, each with a button to end it. */
export function grantsPage(person: string, grants: readonly ConsentGiven[]): Html {
  if (grants.length === 0) return html`<p>${person}, no agent acts for you.</p>`
  return html`<p>${person}, these act for you:</p>${grants.map(entry)}`
}

function entry({ id, agent, owner, resources, until }: ConsentGiven): Html {
  const end = new Date(until * 1_000).toISOString().slice(0, 16).replace('T', ' ')
  return html`<h2>${agent}</h2>
<dl><dt>Owner</dt><dd>${owner}</dd>${resources.map(([resource, scope]) => html`<dt>${resource}</dt><dd>${scope}</dd>`)}<dt>Until</dt><dd>${end} UTC</dd></dl>
<form method="post" action="/grants"><input type="hidden" name="grant" value="${id}"><button type="submit">Take back from ${agent}</button></form>`
}
