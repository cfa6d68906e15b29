import { dpopFetch } from 'onbehalf/client'
import {
  askWithNonce,
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

  async function requestToken(form: URLSearchParams): Promise<Token> {
    const { status, body } = await askWithNonce(async () => {
      // RFC 7523 §2.2
      const asserted = new URLSearchParams(form)
      asserted.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      asserted.set('client_assertion', await createAssertion(key, { id, audience: issuer }))
      // `dpopFetch` would send the same body again. That of a Request is sent once.
      return fetchWithProof(new Request(server.token_endpoint, { method: 'POST', body: asserted }))
    })
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
