import { createTestCertificate } from 'onbehalf/testing'
import { createMtlsAgent } from '../../agents/mtls-agent.ts'
import type { AgentCommands, ClientSettings } from '../protocol.ts'
import { serve } from '../serve.ts'
import { readSettings } from '../settings.ts'

const { id, issuer, trust } = readSettings<ClientSettings>()
const { key, certificate, thumbprint } = await createTestCertificate({ commonName: id })
const agent = await createMtlsAgent({ id, issuer, identity: { key, cert: certificate, ca: trust } })

serve({
  introduce: async () => ({ method: 'self_signed_tls_client_auth', thumbprint }),
  ownToken: async (request) => (await agent.ownToken(request)).accessToken,
  tokenOnBehalf: async ({ subjectToken, ...request }) => (await agent.tokenOnBehalf(subjectToken, request)).accessToken,
  call: ({ method, url, accessToken }) => agent.call(method, url, accessToken),
} satisfies AgentCommands)
