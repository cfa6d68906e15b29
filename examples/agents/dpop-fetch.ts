import { createProof } from './dpop-proof.ts'
import type { SigningKey } from './signing-key.ts'

export interface ProvenRequest {
  readonly method: string
  readonly url: string
  readonly accessToken?: string
  /** Made anew for the second attempt, for it may hold something that is used once. */
  readonly body?: () => Promise<URLSearchParams>
}

export interface ProvenResponse {
  readonly response: Response
  /** The headers as they went over the wire. */
  readonly sent: Readonly<Record<string, string>>
}

/** A fetch that proves possession of the key with every request. */
export type DpopFetch = (request: ProvenRequest) => Promise<ProvenResponse>

export function createDpopFetch(key: SigningKey): DpopFetch {
  // RFC 9449 §8.2: a nonce belongs to the server that issued it, and the newest counts.
  const nonces = new Map<string, string>()

  async function attempt({ method, url, accessToken, body }: ProvenRequest): Promise<ProvenResponse> {
    const { origin } = new URL(url)
    const sent = {
      dpop: await createProof(key, { method, url, accessToken, nonce: nonces.get(origin) }),
      ...(accessToken !== undefined && { authorization: `DPoP ${accessToken}` }),
    }
    const response = await fetch(url, { method, headers: sent, body: body ? await body() : null })
    const nonce = response.headers.get('dpop-nonce')
    if (nonce !== null) nonces.set(origin, nonce)
    return { response, sent }
  }

  return async function dpopFetch(request) {
    const first = await attempt(request)
    if (!(await asksForNonce(first.response))) return first
    // Once: a server that asks again is answered with its own refusal.
    await first.response.body?.cancel()
    return attempt(request)
  }
}

/** RFC 9449 §8 for an authorization server (400, in the body), §9 for a resource server (401, in the challenge). */
async function asksForNonce(response: Response): Promise<boolean> {
  if (!response.headers.has('dpop-nonce')) return false
  if (response.status === 401) return /\berror="use_dpop_nonce"/.test(response.headers.get('www-authenticate') ?? '')
  if (response.status !== 400) return false
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return typeof body === 'object' && body !== null && 'error' in body && body.error === 'use_dpop_nonce'
}
