import type { AuthorizationDetail } from '../actor-profile-claims.ts'
import { type Html, html } from './layout.ts'

/** Authorization details (RFC 9396 §2), each member as the agent has written it. */
export function detailEntries(details: readonly AuthorizationDetail[]): readonly Html[] {
  return details.map(
    ({ type, ...members }) =>
      html`<dt>In detail: <code>${type}</code></dt><dd><ul>${Object.entries(members).map(
        ([name, value]) => html`<li><code>${name}</code>: ${wordsOf(value)}</li>`,
      )}</ul></dd>`,
  )
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
