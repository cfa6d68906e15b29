import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
label, button, input, select { display: block; font: inherit; margin: .5rem 0 }
input, select { width: 100%; padding: .5rem; box-sizing: border-box; border: 1px solid #666; border-radius: .25rem }
button { padding: .5rem 1rem; border: 1px solid #1a1a1a; border-radius: .25rem; background: #fff; color: inherit; cursor: pointer }
button.main { background: #14427a; border-color: #14427a; color: #fff }
:focus-visible { outline: 3px solid #d97700; outline-offset: 2px }
code { font-size: 1.5rem; letter-spacing: .1em }
dt { font-weight: 600; margin-top: .5rem } dd { margin: 0 }
[role=alert] { border-left: .25rem solid #b00020; padding-left: .75rem }
@media (prefers-color-scheme: dark) {
  body, button { background: #16181c; color: #f0f0f0 } input, select { background: #22262c; color: inherit }
  button { border-color: #f0f0f0 } button.main { background: #2f6fbd; border-color: #2f6fbd }
}`

/** These pages run no script and load nothing. They may not be framed, so that nobody is led to click unseen. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Markup. Whatever else goes into a template is escaped. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | undefined | readonly Html[]

export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: fixed }, ...parts.map(render)))
}

function render(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(({ text }) => text).join('')
  return escapeText(String(part))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Names of agents come from their owners: characters that turn the direction of writing are taken out as well. */
function escapeText(text: string): string {
  return text.replace(/\p{C}/gu, '').replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

export function layOut(title: string, content: Html): string {
  const head = html`<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>`
  const body = html`<main><h1>${title}</h1>${content}</main>`
  return `<!doctype html><html lang="en"><head>${head.text}<style>${style}</style></head><body>${body.text}</body></html>`
}

export function sendPage(response: ServerResponse, status: number, title: string, content: Html): void {
  response.writeHead(status, { ...pageHeaders, 'content-type': 'text/html; charset=utf-8' })
  response.end(layOut(title, content))
}
