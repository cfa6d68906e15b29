import { setMaxListeners } from 'node:events'
import { type JsonObject, parseBoundedObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import type { IntrospectionPolicy } from '../options/introspection.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { Clock } from '../types/options.ts'
import { AnswerError, fetchBody, whenAborted, withinTime } from './bounded-fetch.ts'
import { proveClient } from './client-assertion.ts'
import { FetchError } from './fetch-error.ts'
import { createIntrospectionEndpoint } from './introspection-endpoint.ts'
import type { Keyring } from './keys.ts'
import { readSignedAnswer } from './signed-answer.ts'

/** Puts questions to one issuer (RFC 7662 §2.1). */
export interface IntrospectionClient {
  /** The members of the answer, unjudged. Rejects for everything but a well-formed answer in time. */
  introspect(token: string): Promise<JsonObject>
  load(): Promise<void>
  close(): void
}

export interface ClientSetting {
  readonly token: { readonly toleranceSeconds: number }
  readonly hookTimeoutMs: number
  readonly clock: Clock
  readonly fetch: typeof fetch
}

export function createIntrospectionClient(
  issuer: IssuerPolicy,
  { client, signed }: IntrospectionPolicy,
  keyring: Keyring,
  policy: ClientSetting,
): IntrospectionClient {
  const { clock, fetch } = policy
  const closing = new AbortController()
  // One for each question, and one for the metadata.
  setMaxListeners(fixed.introspectionsInFlight + 1, closing.signal)
  const endpoint = createIntrospectionEndpoint(issuer, policy, closing.signal)
  const envelope = {
    issuer,
    clientId: client.id,
    keyring,
    toleranceSeconds: policy.token.toleranceSeconds,
    now: () => clock.now(),
  }

  async function exchangeToken(token: string, signal: AbortSignal): Promise<JsonObject> {
    signal.throwIfAborted()
    const url = await endpoint.find()
    const { headers, form } = await proveClient(client, issuer.issuer, clock.now())
    // RFC 9701 §4: the media type asks for a signed answer.
    const accept = signed ? 'application/token-introspection+jwt' : 'application/json'
    const request = {
      headers: { ...headers, accept },
      form: new URLSearchParams({ token, token_type_hint: 'access_token', ...form }),
      maxBytes: fixed.introspectionResponseBytes,
    }
    const body = await fetchBody(url, request, { fetch, signal })
    return signed ? readSignedAnswer(body.toString('latin1').trim(), envelope) : readPlainAnswer(body)
  }

  return {
    introspect: (token) =>
      withinTime(policy.hookTimeoutMs, closing.signal, (signal) =>
        // Metadata and keys are waited for no longer than the answer.
        Promise.race([exchangeToken(token, signal), whenAborted(signal)]),
      ),
    async load() {
      await endpoint.load()
    },
    close: () => closing.abort(),
  }
}

/** Within the bounds of a token: an answer may not say more than a JWT could. */
function readPlainAnswer(body: Buffer): JsonObject {
  const members = parseBoundedObject(Buffer.concat([body, Buffer.alloc(1)]), body.length)
  if (members === undefined) throw new AnswerError('answered something that is not a strict JSON object')
  return members
}

/**
 * Why a question failed: our own words, or the system's error code. What a fetch function says is not repeated, because it
 * knows the token and the client's credentials.
 */
export function failureOf(error: unknown): string {
  let at: unknown = error
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code
    if (at instanceof AnswerError || at instanceof FetchError) return at.message
    at = at.cause
  }
  return 'the request to the introspection endpoint failed'
}
