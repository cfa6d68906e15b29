import { isPrivateHost, readHttpsUrl } from '../internal/urls.ts'
import { type JsonObject, parseJsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import { FetchError, reasonOf } from './fetch-error.ts'

/** Fetching what an issuer publishes: its metadata (RFC 8414 §3, OpenID Connect Discovery §4) and its keys. */

/** `signal` ends everything under way: the deadline of the whole errand, or close(). */
export interface FetchPolicy {
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** Where an http issuer may have its keys, beside loopback hosts. */
  readonly httpHosts: ReadonlySet<string>
}

/** The issuer's `jwks_uri`. Throws when no metadata can be had or it names another issuer (RFC 8414 §3.3). */
export async function discoverKeysUri(issuer: string, policy: FetchPolicy): Promise<string> {
  const errors: FetchError[] = []
  for (const url of metadataUrls(issuer)) {
    try {
      return await fetchJson(url, policy, (metadata) => readIssuerMetadata(metadata, issuer, policy.httpHosts))
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
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

/** What an https issuer names must be https, so that nobody on the way can replace its keys. */
function readIssuerMetadata(metadata: JsonObject, issuer: string, httpHosts: ReadonlySet<string>): string {
  if (metadata['issuer'] !== issuer) throw new Error('the metadata names another issuer')
  const uri = metadata['jwks_uri']
  const url = typeof uri === 'string' ? readHttpsUrl(uri, httpHosts) : 'is missing'
  if (typeof url === 'string') throw new Error(`jwks_uri ${url}`)
  const { hostname: home, protocol } = new URL(issuer)
  if (protocol === 'https:' && url.protocol !== 'https:') throw new Error('jwks_uri must be https, as the issuer is')
  if (url.hostname !== home && isPrivateHost(url.hostname) && !isPrivateHost(home)) {
    throw new Error('jwks_uri points to a private address')
  }
  return uri as string
}

/**
 * What `read` makes of one JSON object, fetched within time and size, without following redirects; nothing of ours is sent
 * along. Rejects with a {@link FetchError} for everything that goes wrong, in `read` as well.
 */
export async function fetchJson<T>(
  url: string,
  { fetch, signal }: FetchPolicy,
  read: (document: JsonObject) => T,
): Promise<T> {
  try {
    signal.throwIfAborted()
    // Raced as well: a fetch of the user's own may not heed the signal.
    return read(await Promise.race([requestJson(url, fetch, signal), aborted(signal)]))
  } catch (error) {
    throw new FetchError([{ url: url.replace(/[?#].*$/s, '').slice(0, 512), reason: reasonOf(error) }], error)
  }
}

async function requestJson(url: string, fetcher: typeof fetch, signal: AbortSignal): Promise<JsonObject> {
  // `cache` counts where a framework puts a cache behind fetch; the types of Node do not know it.
  const init: RequestInit & { cache: 'no-store' } = {
    redirect: 'error',
    credentials: 'omit',
    cache: 'no-store',
    headers: { accept: 'application/json' },
    signal,
  }
  const response = await fetcher(url, init)
  if (response.status !== 200) throw new Error(`answered ${response.status}`)
  const value = parseJsonObject(withoutMark(await readBody(response, signal)))
  if (value === undefined) throw new Error('answered something that is not a strict JSON object')
  return value
}

/** RFC 8259 §8.1: a parser may overlook a byte order mark, and some servers send one. */
function withoutMark(body: Buffer): Buffer {
  return body.subarray(0, 3).equals(mark) ? body.subarray(3) : body
}

const mark = Buffer.from([0xef, 0xbb, 0xbf])

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function readBody(response: Response, signal: AbortSignal): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    signal.throwIfAborted()
    size += chunk.length
    if (size > fixed.issuerResponseBytes) throw new Error('answered too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
