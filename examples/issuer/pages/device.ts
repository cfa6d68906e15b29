import type { Client, Context } from 'oidc-provider'
import { rightsOf } from '../registration.ts'
import { Html, html, layOut, pageHeaders } from './layout.ts'

/** The pages of the device code (RFC 8628 §3.3). `form` is the markup of oidc-provider, with its token against forged posts. */
export const devicePages = {
  userCodeInputSource(context: Context, form: string, _out: unknown, error?: Error): void {
    if (error?.name === 'AbortedError') {
      show(context, 'Stopped', html`<p>The agent may not act for you. You can close this page.</p>`)
      return
    }
    const fault = error && html`<p id="fault" role="alert">This code is not known, or was used. Look at it again.</p>`
    const told = error && html` aria-describedby="fault" aria-invalid="true"`
    const field = html`<label for="user_code">Code</label><input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus${told}>`
    show(
      context,
      'Enter the code',
      html`${fault}<p>Enter the code that your agent shows you. Nobody else has a reason to send you one.</p>
${new Html(form.replace(codeField, () => field.text))}
<button class="main" type="submit" form="op.deviceInputForm">Go on</button>`,
    )
  },

  /** RFC 8628 §5.4: the person is told whom the code is for, and that a code from somebody else is an attack. */
  userCodeConfirmSource(context: Context, form: string, client: Client, _device: unknown, code: string): void {
    const { owner } = rightsOf(client)
    show(
      context,
      'Is this your agent?',
      html`<p><strong>${client.clientName ?? client.clientId}</strong> of <strong>${owner}</strong> asks to act in your name. It must show this code right now, on a device in front of you:</p>
<p class="code">${code}</p>
<p role="alert"><strong>Did somebody send you this code or this page, by mail, chat or phone? Then stop.</strong> They would act in your name.</p>
${new Html(form)}
<button class="main" type="submit" form="op.deviceConfirmForm">The code is the same: go on</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Stop</button>`,
    )
  },

  successSource(context: Context): void {
    const name = context.oidc.client.clientName ?? context.oidc.client.clientId
    show(
      context,
      'Done',
      html`<p><strong>${name}</strong> may act for you now. You can close this page.</p>
<p class="soft">You can take this back at any time on the page <a href="/grants">Your agents</a>.</p>`,
    )
  },
}

/** The field as oidc-provider writes it; it keeps a wrong code, and runs a script. */
const codeField = /<input\s[^>]*name="user_code"[^>]*>(?:<\/input>)?/

function show(context: Context, title: string, content: Html): void {
  for (const [name, value] of Object.entries(pageHeaders)) context.set(name, value)
  context.type = 'html'
  context.body = layOut(title, content)
}
