import { dpopFetch } from 'onbehalf/client'
import type { Agent } from './agent.ts'
import { clientCredentials, discover, readToken, type Token, tokenExchange } from './authorization-server.ts'
import { addClientAssertion } from './client-assertion.ts'
import { createSigningKey, type SigningKey } from './signing-key.ts'

export interface DpopAgentOptions {
  /** The client id under which `clientKey` is registered. */
  readonly id: string
  readonly issuer: string
  /** Proves to the authorization server who the agent is (RFC 7523). */
  readonly clientKey: SigningKey
}

/** An agent whose tokens are bound to a key of its own (RFC 9449). */
export interface DpopAgent extends Agent {
  /** Sends a grant with client authentication and proof. The form is made anew for each attempt. */
  requestToken(createForm: () => URLSearchParams | Promise<URLSearchParams>): Promise<Token>
}

export async function createDpopAgent({ id, issuer, clientKey }: DpopAgentOptions): Promise<DpopAgent> {
  const server = await discover(issuer)
  // A key of its own for the proofs, new with every start: it never has to be registered.
  const key = await createSigningKey()
  const fetchWithProof = dpopFetch({ key })

  async function requestToken(createForm: () => URLSearchParams | Promise<URLSearchParams>): Promise<Token> {
    const attempt = async () => {
      const body = await addClientAssertion(await createForm(), clientKey, { id, audience: issuer })
      // The body of a Request is sent once: what it holds may be used once.
      const response = await fetchWithProof(new Request(server.token_endpoint, { method: 'POST', body }))
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    const first = await attempt()
    // RFC 9449 §8: the nonce is known by now.
    const { status, body } = first.body['error'] === 'use_dpop_nonce' ? await attempt() : first
    return readToken(status, body)
  }

  return {
    id,
    requestToken,
    ownToken: (request) => requestToken(() => clientCredentials(request)),
    tokenOnBehalf: (subjectToken, request) => requestToken(() => tokenExchange(subjectToken, request)),
    async call(method, url, accessToken) {
      let sent: Record<string, string> = {}
      const send: typeof fetch = (input, init) => {
        sent = Object.fromEntries(new Headers(init?.headers))
        return fetch(input, init)
      }
      const response = await dpopFetch({ key, token: () => accessToken, fetch: send })(url, { method })
      return {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        body: await response.json(),
        sent,
      }
    },
  }
}
