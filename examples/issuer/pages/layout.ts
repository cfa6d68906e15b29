import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** All text has a contrast of 4.5 at least, edges of fields and the ring of the focus have 3 (WCAG 2.2 §1.4.3, §1.4.11). */
const style = `
:root { color-scheme: light dark; --paper: #f4f5f7; --card: #fff; --ink: #1b1d21; --soft: #4b515a; --edge: #7d8590; --main: #14427a; --on-main: #fff; --alert: #b00020; --focus: #b35c00 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #101215; --card: #1a1d22; --ink: #eceef1; --soft: #b7bdc6; --edge: #7d8590; --main: #9cc4f5; --on-main: #0b1a2c; --alert: #ff9a90; --focus: #ffb454 }
}
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
main { max-width: 32rem; margin: 1rem auto; padding: 1.5rem; background: var(--card); border-radius: .75rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem }
h2 { font-size: 1.125rem; margin: 0 0 .5rem }
a { color: var(--main) }
label { display: block; font-weight: 600; margin: 1rem 0 .25rem }
input, select, button { display: block; width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; border-radius: .5rem; border: 1px solid var(--edge); background: var(--card); color: inherit }
button { margin-top: .75rem; font-weight: 600; cursor: pointer }
button.main { background: var(--main); border-color: var(--main); color: var(--on-main) }
form { margin-top: 1.25rem }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px }
dl { margin: 1rem 0 } dt { color: var(--soft); margin-top: .75rem } dd { margin: 0 }
ul { margin: 0; padding-left: 1.25rem }
code { font-family: ui-monospace, monospace }
.code { font: 600 1.75rem ui-monospace, monospace; letter-spacing: .08em; text-align: center }
.soft { color: var(--soft) }
section + section { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid var(--edge) }
[role=alert] { border-left: .25rem solid var(--alert); padding-left: .75rem }`

/** These pages run no script and load nothing. They may not be framed, so that people are not led to click unseen. */
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
