import { isPrivateHost, readHttpsUrl } from '../internal/urls.ts'
import { type JsonObject, parseJsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'

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
  let cause: unknown
  for (const url of metadataUrls(issuer)) {
    try {
      return readIssuerMetadata(await fetchJson(url, policy), issuer, policy.httpHosts)
    } catch (error) {
      cause = error
    }
  }
  throw cause
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

/** One JSON object, within time and size, without following redirects; nothing of ours is sent along. */
export async function fetchJson(url: string, { fetch, signal }: FetchPolicy): Promise<JsonObject> {
  signal.throwIfAborted()
  // Raced as well: a fetch of the user's own may not heed the signal.
  return await Promise.race([requestJson(url, fetch, signal), aborted(signal)])
}

async function requestJson(url: string, fetcher: typeof fetch, signal: AbortSignal): Promise<JsonObject> {
  const response = await fetcher(url, {
    redirect: 'error',
    credentials: 'omit',
    headers: { accept: 'application/json' },
    signal,
  })
  if (response.status !== 200) throw new Error(`answered ${response.status}`)
  const value = parseJsonObject(await readBody(response, signal))
  if (value === undefined) throw new Error('answered something that is not a strict JSON object')
  return value
}

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
