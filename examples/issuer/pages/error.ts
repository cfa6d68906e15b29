import type { Context } from 'oidc-provider'
import { html, layOut, pageHeaders } from './layout.ts'

/** Where a request cannot be answered at its redirect URI. */
export function errorPage(context: Context, { error, error_description: description }: Record<string, string>): void {
  for (const [name, value] of Object.entries(pageHeaders)) context.set(name, value)
  context.type = 'html'
  context.body = layOut(
    'This did not work',
    html`<p role="alert">The agent has asked in a way that has no answer. Nothing was allowed.</p>
<p class="soft">Its developer may want to know: ${error}, ${description}.</p>`,
  )
}
