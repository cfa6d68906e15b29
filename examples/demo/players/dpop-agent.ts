import { createDpopAgent } from '../../agents/dpop-agent.ts'
import { createSigningKey } from '../../agents/signing-key.ts'
import type { AgentCommands, ClientSettings } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

const { id, issuer } = readSettings<ClientSettings>()
const clientKey = await createSigningKey()
const agent = await createDpopAgent({ id, issuer, clientKey })

serve({
  introduce: async () => ({ method: 'private_key_jwt', jwk: clientKey.publicJwk }),
  ownToken: async (request) => (await agent.ownToken(request)).accessToken,
  tokenOnBehalf: async ({ subjectToken, ...request }) => (await agent.tokenOnBehalf(subjectToken, request)).accessToken,
  call: ({ method, url, accessToken }) => agent.call(method, url, accessToken),
} satisfies AgentCommands)
