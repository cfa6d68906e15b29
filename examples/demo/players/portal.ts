import { createDpopAgent } from '../../agents/dpop-agent.ts'
import { tokenForUser } from '../../agents/human-session.ts'
import { createSigningKey } from '../../agents/signing-key.ts'
import type { ClientSettings, PortalCommands } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

/** The web application at which alice and bob have signed in. It asks for their first token and hands that to an agent. */
const { id, issuer } = readSettings<ClientSettings>()
const clientKey = await createSigningKey()
const application = await createDpopAgent({ id, issuer, clientKey })

serve({
  introduce: async () => ({ method: 'private_key_jwt', jwk: clientKey.publicJwk }),
  tokenForUser: async (request) => (await tokenForUser(application, clientKey, { ...request, issuer })).accessToken,
} satisfies PortalCommands)
