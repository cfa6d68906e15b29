import type { Agent } from './agent.ts'
import {
  actorTokenRequest,
  clientCredentials,
  discover,
  readToken,
  type Token,
  tokenExchange,
} from './authorization-server.ts'
import { type ClientIdentity, mtlsRequest } from './mtls-request.ts'

export interface MtlsAgentOptions {
  /** The client id under which the certificate is registered. */
  readonly id: string
  readonly issuer: string
  /** Authenticates the agent to the issuer and is what its tokens are bound to. */
  readonly identity: ClientIdentity
}

/** An agent whose tokens are bound to its certificate (RFC 8705). */
export async function createMtlsAgent({ id, issuer, identity }: MtlsAgentOptions): Promise<Agent> {
  const server = await discover(issuer)
  // RFC 8705 §5: the endpoint that asks for the certificate, where it is another one.
  const tokenEndpoint = server.mtls_endpoint_aliases?.token_endpoint ?? server.token_endpoint

  async function requestToken(form: URLSearchParams): Promise<Token> {
    // RFC 8705 §2: nothing but the certificate authenticates, client_id says whose it is.
    form.set('client_id', id)
    const { status, body } = await mtlsRequest(identity, { method: 'POST', url: tokenEndpoint, body: form })
    return readToken(status, body as Record<string, unknown>)
  }

  const ownToken: Agent['ownToken'] = (request) => requestToken(clientCredentials(request))

  return {
    id,
    ownToken,
    async tokenOnBehalf(subjectToken, request, actorToken) {
      const actor = actorToken ?? (await ownToken(actorTokenRequest(issuer))).accessToken
      return requestToken(tokenExchange(subjectToken, actor, request))
    },
    async call(method, url, accessToken) {
      // RFC 8705 §3: certificate-bound tokens are sent as Bearer; the connection carries the proof.
      const sent = { authorization: `Bearer ${accessToken}` }
      return { ...(await mtlsRequest(identity, { method, url, headers: sent })), sent }
    },
  }
}
