import { isPrivateHost, readHttpsUrl } from '../internal/urls.ts'
import { type JsonObject, parseJsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import { type FetchPolicy, fetchBody } from './bounded-fetch.ts'
import { FetchError, reasonOf } from './fetch-error.ts'

/** Fetching what an issuer publishes: its metadata (RFC 8414 §3, OpenID Connect Discovery §4) and its keys. */

/** The issuer's `jwks_uri`. `httpHosts`: where an http issuer may have its keys, beside loopback hosts. */
export function discoverKeysUri(issuer: string, policy: FetchPolicy, httpHosts: ReadonlySet<string>): Promise<string> {
  return discover(issuer, policy, (metadata) => readKeysUri(metadata, issuer, httpHosts))
}

/**
 * What `read` makes of the issuer's metadata. Rejects when no metadata can be had, it names another issuer (RFC 8414 §3.3)
 * or `read` throws.
 */
export async function discover<T>(issuer: string, policy: FetchPolicy, read: (metadata: JsonObject) => T): Promise<T> {
  const errors: FetchError[] = []
  for (const url of metadataUrls(issuer)) {
    try {
      return await fetchJson(url, policy, (metadata) => {
        if (metadata['issuer'] !== issuer) throw new Error('the metadata names another issuer')
        return read(metadata)
      })
    } catch (error) {
      errors.push(error as FetchError)
    }
  }
  throw new FetchError(
    errors.flatMap(({ failures }) => failures),
    new AggregateError(errors.map(({ cause }) => cause)),
  )
}

/** RFC 8414 §3.1 inserts the well-known part before the path, OpenID Connect appends it. */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

/** What an https issuer names must be https, so that nobody on the way can replace its keys. */
export function readKeysUri(metadata: JsonObject, issuer: string, httpHosts: ReadonlySet<string>): string {
  const uri = metadata['jwks_uri']
  const url = typeof uri === 'string' ? readHttpsUrl(uri, httpHosts) : 'is missing'
  if (typeof url === 'string') throw new Error(`jwks_uri ${url}`)
  const { hostname: home, protocol } = new URL(issuer)
  if (protocol === 'https:' && url.protocol !== 'https:') throw new Error('jwks_uri must be https, as the issuer is')
  if (isPrivateHost(url.hostname) && !isPrivateHost(home)) {
    throw new Error('jwks_uri points to a private address')
  }
  return uri as string
}

/** What `read` makes of one JSON object. Rejects with a {@link FetchError} for everything that goes wrong, in `read` as well. */
export async function fetchJson<T>(url: string, policy: FetchPolicy, read: (document: JsonObject) => T): Promise<T> {
  try {
    const body = await fetchBody(url, publicJson, policy)
    const document = parseJsonObject(withoutMark(body))
    if (document === undefined) throw new Error('answered something that is not a strict JSON object')
    return read(document)
  } catch (error) {
    throw new FetchError([{ url: url.replace(/[?#].*/s, '').slice(0, 512), reason: reasonOf(error) }], error)
  }
}

const publicJson = { headers: { accept: 'application/json' }, maxBytes: fixed.issuerResponseBytes }

/** RFC 8259 §8.1: a parser may overlook a byte order mark, and some servers send one. */
function withoutMark(body: Buffer): Buffer {
  return body.subarray(0, 3).equals(mark) ? body.subarray(3) : body
}

const mark = Buffer.from([0xef, 0xbb, 0xbf])
