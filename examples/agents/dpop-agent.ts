import { dpopFetch } from 'onbehalf/client'
import type { Agent } from './agent.ts'
import {
  type Answer,
  actorTokenRequest,
  askWithNonce,
  clientCredentials,
  discover,
  readToken,
  type Token,
  tokenExchange,
} from './authorization-server.ts'
import { addClientAssertion } from './client-assertion.ts'
import { createSigningKey, type SigningKey } from './signing-key.ts'

export interface DpopAgentOptions {
  /** The client id under which `clientKey` is registered. */
  readonly id: string
  readonly issuer: string
  /** Proves to the authorization server who the agent is (RFC 7523). */
  readonly clientKey: SigningKey
}

type MakeForm = () => URLSearchParams | Promise<URLSearchParams>

/** An agent whose tokens are bound to a key of its own (RFC 9449). */
export interface DpopAgent extends Agent {
  /** A `fetch` that sends this token, with a proof of the agent's key for each request. */
  fetchWith(accessToken: string): typeof fetch
  /** Sends a grant with client authentication and proof. The form is made anew for each attempt. */
  requestToken(makeForm: MakeForm): Promise<Token>
  /** The same at another endpoint of the authorization server. */
  post(
    endpoint: 'token_endpoint' | 'device_authorization_endpoint' | 'pushed_authorization_request_endpoint',
    makeForm: MakeForm,
  ): Promise<Answer>
  /** The answer as it comes, for streams. */
  open(url: string, accessToken: string, signal: AbortSignal): Promise<Response>
}

export async function createDpopAgent({ id, issuer, clientKey }: DpopAgentOptions): Promise<DpopAgent> {
  const server = await discover(issuer)
  // A key of its own for the proofs, new with every start: it never has to be registered.
  const key = await createSigningKey()
  const fetchWithProof = dpopFetch({ key })

  const post: DpopAgent['post'] = async (endpoint, makeForm) => {
    const url = server[endpoint]
    if (url === undefined) throw new Error(`The metadata of ${issuer} have no ${endpoint}`)
    return askWithNonce(async () => {
      const body = await addClientAssertion(await makeForm(), clientKey, { id, audience: issuer })
      // `dpopFetch` would send the same body again. That of a Request is sent once.
      return fetchWithProof(new Request(url, { method: 'POST', body }))
    })
  }

  const requestToken: DpopAgent['requestToken'] = async (makeForm) => {
    const { status, body } = await post('token_endpoint', makeForm)
    return readToken(status, body)
  }
  const ownToken: Agent['ownToken'] = (request) => requestToken(() => clientCredentials(request))

  return {
    id,
    post,
    requestToken,
    ownToken,
    fetchWith: (accessToken) => dpopFetch({ key, token: () => accessToken }),
    async tokenOnBehalf(subjectToken, request, actorToken) {
      const actor = actorToken ?? (await ownToken(actorTokenRequest(issuer))).accessToken
      return requestToken(() => tokenExchange(subjectToken, actor, request))
    },
    open: (url, accessToken, signal) => dpopFetch({ key, token: () => accessToken })(url, { signal }),
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
