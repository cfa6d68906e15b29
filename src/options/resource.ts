import type { OptionReader } from '../internal/option-reader.ts'
import { readHttpsUrl } from '../internal/urls.ts'
import { normalizeUrl } from '../sender/proof-url.ts'

export function readResource(read: OptionReader, value: unknown, httpHosts: ReadonlySet<string>): string {
  const text = value === undefined ? read.problem('resource', 'is required') : read.string('resource', value)
  if (text === undefined) return ''
  const url = readHttpsUrl(text, httpHosts)
  if (typeof url === 'string') read.problem('resource', url)
  return text
}

/** The resource; with an empty path in both spellings, since `/` is the same path (RFC 3986 §6.2.3). */
export function audienceOf(resource: string): readonly string[] {
  const root = /^https?:\/\/[^/?#]+(?=\/?$)/i.exec(resource)?.[0]
  return root === undefined ? [resource] : [resource, resource === root ? `${root}/` : root]
}

/** Normalised, without trailing slashes. */
export function readPublicUrls(
  read: OptionReader,
  value: unknown,
  resource: string,
  httpHosts: ReadonlySet<string>,
): readonly string[] {
  if (value === undefined) return URL.canParse(resource) ? [new URL(resource).origin] : []
  const list = read.stringOrList('publicUrl', value) ?? []
  return list.map((text, index) => {
    const path = Array.isArray(value) ? `publicUrl[${index}]` : 'publicUrl'
    const url = readHttpsUrl(text, httpHosts)
    const normal = normalizeUrl(text)
    if (typeof url === 'string') read.problem(path, url)
    else if (text.includes('?')) read.problem(path, 'must not have a query')
    else if (normal === undefined) read.problem(path, 'must be an absolute URL in the characters of RFC 3986')
    return (normal ?? text).replace(/\/+$/, '')
  })
}
