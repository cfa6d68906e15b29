import type { RequestView } from '../types/request.ts'

/** A request as a test writes it down; it has no body. */
export interface RequestViewInput {
  /** Default GET. */
  method?: string | undefined
  /** Absolute; its path and query become the target, as written. */
  url?: string | undefined
  /** Raw request target; wins over `url`. */
  target?: string | undefined
  /** A list stands for several field lines of one name. */
  headers?: Record<string, string | readonly string[]> | undefined
  /** DER of the TLS client certificate. */
  certificate?: Uint8Array | undefined
  /** Of the remote end. */
  address?: string | undefined
}

/** Makes the request a verifier reads, without a server; it normalises nothing and sets no Host. */
export function requestView(input: RequestViewInput): RequestView {
  const { certificate, address } = input
  return {
    method: input.method ?? 'GET',
    target: input.target ?? targetOf(input.url),
    header: fieldLines(input.headers ?? {}),
    ...((certificate || address !== undefined) && { peer: { address, certificate: () => certificate } }),
  }
}

// By text, not `new URL`: dot segments, percent-case and backslashes must arrive as written.
function targetOf(url: string | undefined): string {
  if (url === undefined) return '/'
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(url)
  if (!match) throw new TypeError('url must be absolute')
  const pathAndQuery = match[1] ?? ''
  return pathAndQuery.startsWith('/') ? pathAndQuery : `/${pathAndQuery}`
}

function fieldLines(headers: Record<string, string | readonly string[]>): RequestView['header'] {
  const lines = new Map<string, string[]>()
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':')) continue
    const key = name.toLowerCase()
    lines.set(key, [...(lines.get(key) ?? []), ...(typeof value === 'string' ? [value] : value)])
  }
  return (name) => lines.get(name) ?? lines.get(name.toLowerCase()) ?? []
}
