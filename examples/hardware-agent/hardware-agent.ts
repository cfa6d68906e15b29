import { dpopFetch } from 'onbehalf/client'
import {
  clientCredentials,
  discover,
  readToken,
  type Token,
  type TokenRequest,
  tokenExchange,
} from '../agents/authorization-server.ts'
import { createAssertion } from './client-assertion.ts'
import type { HardwareKey } from './hardware-key.ts'

export interface HardwareAgentOptions {
  /** The client id under which the public key is registered. */
  readonly id: string
  readonly issuer: string
  /** Proves who the agent is (RFC 7523), and is what its tokens are bound to (RFC 9449). */
  readonly key: HardwareKey
}

export interface HardwareAgent {
  /** A token to act for itself. */
  ownToken(request: TokenRequest): Promise<Token>
  /** A token to act on behalf of the subject of the token it was handed; the actor token shows that it acts in its own name. */
  tokenOnBehalf(subjectToken: string, actorToken: string, request: TokenRequest): Promise<Token>
  /** A `fetch` that sends the token, with a proof, to this API and to no other. */
  fetchOf(api: string, token: Token): typeof fetch
}

export async function createHardwareAgent({ id, issuer, key }: HardwareAgentOptions): Promise<HardwareAgent> {
  const server = await discover(issuer)
  const fetchWithProof = dpopFetch({ key })

  async function attempt(form: URLSearchParams): Promise<{ status: number; body: Record<string, unknown> }> {
    // RFC 7523 §2.2
    const body = new URLSearchParams(form)
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    body.set('client_assertion', await createAssertion(key, { id, audience: issuer }))
    // The body of a Request is sent once: an assertion may be used once.
    const response = await fetchWithProof(new Request(server.token_endpoint, { method: 'POST', body }))
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  async function requestToken(form: URLSearchParams): Promise<Token> {
    const first = await attempt(form)
    // RFC 9449 §8: the nonce is known by now.
    const { status, body } = first.body['error'] === 'use_dpop_nonce' ? await attempt(form) : first
    return readToken(status, body)
  }

  return {
    ownToken: (request) => requestToken(clientCredentials(request)),
    tokenOnBehalf: (subjectToken, actorToken, request) =>
      requestToken(tokenExchange(subjectToken, actorToken, request)),
    fetchOf(api, { accessToken }) {
      const { origin } = new URL(api)
      return dpopFetch({ key, token: (url) => (url.origin === origin ? accessToken : undefined) })
    },
  }
}
