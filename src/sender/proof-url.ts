/** The request target and a proof's `htu` as one comparable URL (RFC 9449 §4.3 check 9, RFC 3986 §6.2.2 and §6.2.3). */

/** Where the request went: the public URLs it may have been sent to, and the path under them, without query. */
export interface Target {
  readonly path: string
  readonly publicUrls: readonly string[]
}

/**
 * Undefined where a router could understand the target otherwise than the proof: `*`, a leading `//`, and in the path `\`,
 * control characters or dot segments (also encoded); or an absolute form (RFC 9112 §3.2.2) of a foreign origin.
 */
export function readTarget(target: string, publicUrls: readonly string[]): Target | undefined {
  const isOriginForm = target.startsWith('/')
  const origin = isOriginForm ? '' : originPart.exec(target)?.[0]
  if (origin === undefined) return undefined
  const urls = isOriginForm ? publicUrls : publicUrls.filter((url) => isUnder(url, origin))
  const rest = target.slice(origin.length)
  if (urls.length === 0 || rest.startsWith('//')) return undefined
  const end = rest.search(/[?#]/)
  const path = end === -1 ? rest : rest.slice(0, end)
  if (ambiguous.test(path) || dotSegment.test(path)) return undefined
  return { path: path === '' ? '/' : path, publicUrls: urls }
}

const originPart = /^https?:\/\/[^/?#]*/i

function isUnder(publicUrl: string, origin: string): boolean {
  const normal = normalizeUrl(origin)
  return normal !== undefined && `${publicUrl}/`.startsWith(normal)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ambiguous = /[\\\x00-\x20\x7f]/
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/** True when `htu`, without query and fragment, is the target. */
export function isTarget(htu: string, { path, publicUrls }: Target): boolean {
  for (const url of publicUrls) {
    // Byte for byte first: most clients write the URL as it is.
    if (htu.length === url.length + path.length && htu.startsWith(url) && htu.endsWith(path)) return true
  }
  const normal = normalizeUrl(htu)
  return normal !== undefined && publicUrls.some((url) => normal === normalizeUrl(url + path))
}

/** Scheme, authority and path; query and fragment stay outside. */
const absolute = /^(https?):\/\/([^/?#]*)([^?#]*)/i
const authority = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::([0-9]*))?$/i
// Printable ASCII but `"<>\^` and backquote; `{|}` are not RFC 3986 either, yet clients send them as they are.
const pathCharacters = /^(?:\/(?:[!$&-;=@-[\]_a-~]|%[0-9a-f]{2})*)?$/i

/** Undefined for what is not an absolute http(s) URL of RFC 3986. Query and fragment are dropped. Two origins never become one. */
export function normalizeUrl(url: string): string | undefined {
  const parts = absolute.exec(url)
  if (parts === null) return undefined
  const [, scheme = '', host = '', path = ''] = parts
  const origin = originOf(scheme, host)
  if (origin === undefined || !pathCharacters.test(path)) return undefined
  return origin + removeDotSegments(normalizePercent(path))
}

function originOf(scheme: string, authorityText: string): string | undefined {
  const parts = authority.exec(authorityText)
  if (parts === null) return undefined
  const [, host = '', port = ''] = parts
  const lower = scheme.toLowerCase()
  const isDefault = port === '' || Number(port) === (lower === 'https' ? 443 : 80)
  if (Number(port) > 65_535) return undefined
  const name = host.startsWith('[') ? canonicalAddress(host) : host.toLowerCase()
  return name === undefined ? undefined : `${lower}://${name}${isDefault ? '' : `:${Number(port)}`}`
}

/** One spelling for each IPv6 address (RFC 5952 §4, but for dotted quads); undefined for what is no address. */
function canonicalAddress(host: string): string | undefined {
  const url = `http://${host}`
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2. */
function normalizePercent(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%[0-9a-f]{2}/gi, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : triplet.toUpperCase()
  })
}

/** RFC 3986 §5.2.4 for an absolute path; an empty path is `/` (§6.2.3). */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path === '' ? '/' : path
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const isDot = segment === '.' || segment === '..'
    if (segment === '..') kept.pop()
    if (!isDot) kept.push(segment)
    else if (index === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}
