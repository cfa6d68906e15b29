import { clientCredentials, discover, readToken } from '../../agents/authorization-server.ts'
import { addClientAssertion } from '../../agents/client-assertion.ts'
import { createSigningKey } from '../../agents/signing-key.ts'
import type { ClientSettings, UnboundAgentCommands } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

/** What not to copy: an agent that proves who it is, asks for a token bound to nothing, and sends it as it is. */
const { id, issuer } = readSettings<ClientSettings>()
const clientKey = await createSigningKey()
const server = await discover(issuer)

serve({
  introduce: async () => ({ method: 'private_key_jwt', jwk: clientKey.publicJwk }),
  async ownToken(request) {
    const body = await addClientAssertion(clientCredentials(request), clientKey, { id, audience: issuer })
    const response = await fetch(server.token_endpoint, { method: 'POST', body })
    return readToken(response.status, (await response.json()) as Record<string, unknown>).accessToken
  },
  async call({ method, url, accessToken }) {
    const sent = { authorization: `Bearer ${accessToken}` }
    const response = await fetch(url, { method, headers: sent })
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      body: await response.json(),
      sent,
    }
  },
} satisfies UnboundAgentCommands)
