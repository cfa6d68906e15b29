import type { AuthorizationDetail } from '../actor-profile-claims.ts'
import type { Rights } from '../registration.ts'
import { detailEntries } from './details.ts'
import { type Html, html } from './layout.ts'

export interface Asked {
  readonly agent: string
  readonly rights: Rights
  readonly person: string
  readonly resources: readonly (readonly [resource: string, scopes: readonly string[]])[]
  readonly details: readonly AuthorizationDetail[]
}

/** How long a consent lasts, in seconds: the choices of the page. */
export const durations: readonly (readonly [seconds: number, text: string])[] = [
  [3_600, 'one hour'],
  [24 * 3_600, 'one day'],
  [30 * 24 * 3_600, '30 days'],
]

/** Which agent of which owner asks for what, and for how long. Scopes stand here as the API names them. */
export function consentPage(action: string, { agent, rights, person, resources, details }: Asked): Html {
  return html`<p><strong>${agent}</strong>, ${kinds[rights.client_profile]} of <strong>${rights.owner}</strong>, asks to act in your name, ${person}:</p>
<dl>${resources.map(resourceEntry)}${detailEntries(details)}</dl>
${handOver(rights)}
<form method="post" action="${action}">
<label for="seconds">For how long?</label>
<select id="seconds" name="seconds">${durations.map(([seconds, text]) => html`<option value="${seconds}">${text}</option>`)}</select>
<button class="main" type="submit" name="do" value="allow">Allow</button>
<button type="submit" name="do" value="deny">Do not allow</button>
</form>
<p class="soft">You can take this back at any time on the page <a href="/grants">Your agents</a>.</p>`
}

const kinds = { ai_agent: 'an AI agent', service: 'a service', web_app: 'an application' } as const

function resourceEntry([resource, scopes]: Asked['resources'][number]): Html {
  return html`<dt>At ${resource}</dt><dd><ul>${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul></dd>`
}

function handOver({ client_profile: profile, names_actor: named }: Rights): Html | undefined {
  const narrower = 'Nobody gets more than what is written here.'
  if (named === undefined && profile === 'web_app') return undefined
  if (named === undefined) return html`<p>It may use other agents for this. ${narrower}</p>`
  return html`<p>It may let the agent <strong>${named}</strong> do this, which may use other agents. ${narrower}</p>`
}
