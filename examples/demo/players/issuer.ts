import { createTestCertificate } from 'onbehalf/testing'
import { type RunningIssuer, startIssuer } from '../../issuer/server.ts'
import type { IssuerCommands } from '../protocol.ts'
import { serve, tellAudit } from '../serve.ts'

let running: RunningIssuer

serve({
  async start({ people }) {
    const { key, certificate: cert } = await createTestCertificate({ commonName: 'issuer', hosts: ['127.0.0.1'] })
    running = await startIssuer({
      resources: [],
      people,
      tls: { key, cert },
      maxDepth: 3,
      audit: { write: tellAudit },
    })
    return { issuer: running.issuer, cert }
  },
  async register({ clients, resources }) {
    for (const resource of resources) running.addResource(resource)
    for (const client of clients) await running.addClient(client)
    return null
  },
  async revokeAgent({ id }) {
    await running.revokeAgent(id)
    return null
  },
} satisfies IssuerCommands)
