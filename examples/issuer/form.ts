import type { IncomingMessage } from 'node:http'

const maxBytes = 16_384

/** The fields of a form that one of our own pages has sent. Undefined where it comes from another site, or is too long. */
export async function readForm(request: IncomingMessage, origin: string): Promise<URLSearchParams | undefined> {
  // Browsers name the origin with each post.
  if (request.headers.origin !== origin && request.headers['sec-fetch-site'] !== 'same-origin') return undefined
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > maxBytes) return undefined
  }
  return new URLSearchParams(text)
}
