import type { Rights } from '../registration.ts'
import { type Html, html } from './layout.ts'

export interface Asked {
  readonly agent: string
  readonly rights: Rights
  readonly person: string
  readonly resources: readonly (readonly [resource: string, scopes: readonly string[]])[]
}

/** How long a consent lasts, in seconds: the choices of the page. */
export const durations: readonly (readonly [seconds: number, text: string])[] = [
  [3_600, 'one hour'],
  [24 * 3_600, 'one day'],
  [30 * 24 * 3_600, '30 days'],
]

/** Which agent of which owner asks for what, and for how long. */
export function consentPage(action: string, { agent, rights, person, resources }: Asked): Html {
  const what =
    rights.client_profile === 'web_app'
      ? html`The application`
      : html`The ${rights.client_profile === 'ai_agent' ? 'AI agent' : 'service'}`
  const lets =
    rights.names_actor && html`<p>It may hand this on to the agent <strong>${rights.names_actor}</strong>.</p>`
  return html`<p>You are signed in as <strong>${person}</strong>.</p>
<p>${what} <strong>${agent}</strong> of <strong>${rights.owner}</strong> wants to act for you:</p>
<dl>${resources.map(([resource, scopes]) => html`<dt>${resource}</dt><dd>${scopes.join(', ')}</dd>`)}</dl>
${lets || undefined}
<p>It may use other agents for this. They get no more than what is written here.</p>
<form method="post" action="${action}">
<label for="seconds">For how long?</label>
<select id="seconds" name="seconds">${durations.map(([seconds, text]) => html`<option value="${seconds}">${text}</option>`)}</select>
<button type="submit" name="do" value="deny">No</button>
<button class="main" type="submit" name="do" value="allow">Allow</button>
</form>
<p>You can take this back at any time on the page <a href="/grants">Your agents</a>.</p>`
}
