import { base64url } from 'jose'
import type { DpopFetchOptions, MaybeToken } from '../types/client-options.ts'
import { readDpopFetchOptions } from './options.ts'
import { type Outgoing, outgoing } from './outgoing.ts'
import { createProofSigner } from './proof-signer.ts'
import { createServerMemory } from './server-memory.ts'
import { readStepUp, wantsNonce } from './wanted.ts'

/**
 * A `fetch` for clients: every request carries the access token and a fresh proof of possession of the key (RFC 9449). It
 * remembers the nonce of each origin (§8.2), and by the `Date` of its answers how far its clock differs, up to 300 s. An
 * answer that asks for a nonce, and one that asks for more than the token has, is each followed by one more try, where the
 * body can be sent twice: a stream and the body of a `Request` cannot. `Authorization` and `DPoP` of the caller are
 * replaced. A redirect is an error unless `redirect` is `manual`, since a proof holds for one URL. It does not check that
 * the token is bound to the key, and does not get or renew tokens. Throws an `OptionsError` for wrong options; a call
 * rejects as `fetch` does, and with what `token`, `sign` and `onStepUp` throw.
 */
export function dpopFetch(options: DpopFetchOptions): typeof fetch {
  const { key, token, fetch: send = (...call) => fetch(...call), clock, onStepUp } = readDpopFetchOptions(options)
  const sign = createProofSigner(key)
  const servers = createServerMemory()
  const now = nowOf(clock)

  async function attempt(request: Outgoing, accessToken: MaybeToken): Promise<Response> {
    const { url, method, input, init, redirect } = request
    const { nonce, clockOffsetMs } = servers.of(url.origin)
    const headers = new Headers(request.headers)
    const proof = await sign({
      jti: crypto.randomUUID(),
      htm: method,
      htu: url.origin + url.pathname,
      iat: Math.floor((now() + clockOffsetMs) / 1_000),
      ...(accessToken !== undefined && { ath: await accessTokenHash(accessToken) }),
      ...(nonce !== undefined && { nonce }),
    })
    headers.set('dpop', proof)
    if (accessToken !== undefined) headers.set('authorization', `DPoP ${accessToken}`)
    const response = await send(input, { ...init, headers, redirect })
    servers.learn(url.origin, response, now())
    return response
  }

  return async function fetchWithProof(input, init) {
    const request = outgoing(input, init)
    const accessToken = await token?.(request.url)
    if (token !== undefined && accessToken === undefined) return send(input, init)
    let mayRetry = request.isRepeatable

    /** Once for all tries: a server that asks again is answered with its own refusal. */
    async function attemptWithNonce(withToken: MaybeToken): Promise<Response> {
      const response = await attempt(request, withToken)
      if (!mayRetry || !(await wantsNonce(response))) return response
      mayRetry = false
      await response.body?.cancel()
      return attempt(request, withToken)
    }

    const response = await attemptWithNonce(accessToken)
    const challenge = onStepUp && request.isRepeatable ? readStepUp(response, request.url) : undefined
    const betterToken = challenge && (await onStepUp?.(challenge))
    if (betterToken === undefined) return response
    await response.body?.cancel()
    return attemptWithNonce(betterToken)
  }
}

function nowOf(clock: DpopFetchOptions['clock']): () => number {
  if (clock === undefined) return () => Date.now()
  return typeof clock === 'function' ? clock : () => clock.now()
}

/** RFC 9449 §4.2, `ath`. */
async function accessTokenHash(accessToken: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken))))
}
