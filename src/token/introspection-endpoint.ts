import { readHttpsUrl } from '../internal/urls.ts'
import type { JsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { Clock } from '../types/options.ts'
import { withinTime } from './bounded-fetch.ts'
import { discover } from './issuer-metadata.ts'
import { createKeyPace } from './key-pace.ts'

/** Where an issuer is asked about tokens. */
export interface IntrospectionEndpoint {
  /** Rejects where the metadata cannot be had or names no endpoint that may be used. */
  find(): Promise<string>
  /** The same, without regard to the pause after a failure. */
  load(): Promise<string>
}

/**
 * The endpoint of the options, else the one of the metadata, which is asked for again when it is as old as keys may be. While
 * that fails, the endpoint known before is used.
 */
export function createIntrospectionEndpoint(
  issuer: IssuerPolicy,
  policy: { readonly clock: Clock; readonly fetch: typeof fetch },
  closing: AbortSignal,
): IntrospectionEndpoint {
  const configured = issuer.introspection?.endpoint
  const freshMs = issuer.keys.freshSeconds * 1_000
  const pace = createKeyPace(policy.clock, Math.min(freshMs, fixed.keyCoolDownSeconds * 1_000))
  let known: string | undefined
  let knownAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let inFlight: Promise<void> | undefined

  async function discoverEndpoint(): Promise<void> {
    pace.begin()
    const read = (metadata: JsonObject) => readEndpoint(metadata, issuer)
    const errand = (signal: AbortSignal) => discover(issuer.issuer, { fetch: policy.fetch, signal }, read)
    try {
      known = await withinTime(issuer.keys.timeoutMs, closing, errand)
      knownAt = policy.clock.monotonic()
      pace.succeeded()
    } catch (error) {
      failure = error
      pace.failed()
    }
  }

  async function find(mayAsk: () => boolean): Promise<string> {
    if (configured !== undefined) return configured
    const isFresh = policy.clock.monotonic() - knownAt <= freshMs
    if (!isFresh && (inFlight !== undefined || mayAsk())) {
      inFlight ??= discoverEndpoint().finally(() => {
        inFlight = undefined
      })
      await inFlight
    }
    if (known === undefined) throw failure
    return known
  }

  return { find: () => find(() => pace.remaining() <= 0), load: () => find(() => true) }
}

/** RFC 8414 §2. Tokens are sent there, so metadata may not lead them to another origin; an option may. */
function readEndpoint(metadata: JsonObject, { issuer, httpHosts }: IssuerPolicy): string {
  const endpoint = metadata['introspection_endpoint']
  const url = typeof endpoint === 'string' ? readHttpsUrl(endpoint, httpHosts) : 'is missing'
  if (typeof url === 'string') throw new Error(`introspection_endpoint ${url}`)
  if (url.origin !== new URL(issuer).origin)
    throw new Error('introspection_endpoint is not of the origin of the issuer')
  return url.href
}
