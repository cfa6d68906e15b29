import type { Agent } from './agent.ts'
import { clientCredentials, discover, readToken, type Token, tokenExchange } from './authorization-server.ts'
import { addClientAssertion } from './client-assertion.ts'
import { createDpopFetch } from './dpop-fetch.ts'
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
  const dpopFetch = createDpopFetch(await createSigningKey())

  async function requestToken(createForm: () => URLSearchParams | Promise<URLSearchParams>): Promise<Token> {
    const { response } = await dpopFetch({
      method: 'POST',
      url: server.token_endpoint,
      body: async () => addClientAssertion(await createForm(), clientKey, { id, audience: issuer }),
    })
    return readToken(response.status, (await response.json()) as Record<string, unknown>)
  }

  return {
    id,
    requestToken,
    ownToken: (request) => requestToken(() => clientCredentials(request)),
    tokenOnBehalf: (subjectToken, request) => requestToken(() => tokenExchange(subjectToken, request)),
    async call(method, url, accessToken) {
      const { response, sent } = await dpopFetch({ method, url, accessToken })
      return {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        body: await response.json(),
        sent,
      }
    },
  }
}
