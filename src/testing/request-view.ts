import type { RequestView } from '../types/request.ts'

/** A request as a test writes it. It has no body. */
export interface RequestViewInput {
  /** The method, as it is sent. Default: `GET`. */
  method?: string | undefined
  /** An absolute URL, whose path and query become the target as they are written. Default: the target is `/`. */
  url?: string | undefined
  /** The raw request target, which replaces the one from `url`. Default: from `url`. */
  target?: string | undefined
  /** The header fields. A list makes several field lines of one name. Default: no field. */
  headers?: Record<string, string | readonly string[]> | undefined
  /** The TLS client certificate in DER. Default: no certificate. */
  certificate?: Uint8Array | undefined
  /** The address of the remote end. Default: not known. */
  address?: string | undefined
}

/** Makes the request that a verifier reads, without a server. It normalises nothing and adds no field. */
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
