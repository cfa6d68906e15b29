import type { Context } from 'oidc-provider'
import { html, layOut, pageHeaders } from './layout.ts'

/** Where a request cannot be answered at its redirect URI. */
export function errorPage(context: Context, { error, error_description: description }: Record<string, string>): void {
  for (const [name, value] of Object.entries(pageHeaders)) context.set(name, value)
  context.type = 'html'
  context.body = layOut('This did not work', html`<p role="alert">${error}: ${description ?? ''}</p>`)
}
