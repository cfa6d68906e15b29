import type { Client, Context } from 'oidc-provider'
import { rightsOf } from '../registration.ts'
import { Html, html, layOut, pageHeaders } from './layout.ts'

/** The pages of the device code (RFC 8628 §3.3). `form` is the markup of oidc-provider, with its token against forged posts. */
export const devicePages = {
  userCodeInputSource(context: Context, form: string, _out: unknown, error?: Error): void {
    if (error?.name === 'AbortedError') {
      show(context, 'Stopped', html`<p>The agent gets nothing. You can close this page.</p>`)
      return
    }
    const fault = error && html`<p role="alert">This code is not known, or was used. Look at it again.</p>`
    show(
      context,
      'Enter the code',
      html`${fault}<p>Enter the code that your agent shows you. Nobody else has a reason to send you one.</p>
${new Html(form.replace(/placeholder="Enter code"/, 'aria-label="Code"').replace(/ onfocus="[^"]*"/, ''))}
<button class="main" type="submit" form="op.deviceInputForm">Go on</button>`,
    )
  },

  /** RFC 8628 §5.4: the person is told whom the code is for, and that a code from somebody else is an attack. */
  userCodeConfirmSource(context: Context, form: string, client: Client, _device: unknown, code: string): void {
    const { owner } = rightsOf(client)
    show(
      context,
      'Is this your agent?',
      html`<p>The agent <strong>${client.clientName ?? client.clientId}</strong> of <strong>${owner}</strong> asks to act for you. It must show this code right now, on a device that you see:</p>
<p><code>${code}</code></p>
<p role="alert"><strong>Did somebody send you this code or this page, by mail, chat or phone? Then stop.</strong> Who sent it would act in your name.</p>
${new Html(form)}
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Stop</button>
<button class="main" type="submit" form="op.deviceConfirmForm">The code is the same: go on</button>`,
    )
  },

  successSource(context: Context): void {
    const name = context.oidc.client.clientName ?? context.oidc.client.clientId
    show(
      context,
      'Done',
      html`<p>${name} may act for you now. You can take this back at any time on the page <a href="/grants">Your agents</a>.</p>`,
    )
  },
}

function show(context: Context, title: string, content: Html): void {
  for (const [name, value] of Object.entries(pageHeaders)) context.set(name, value)
  context.type = 'html'
  context.body = layOut(title, content)
}
