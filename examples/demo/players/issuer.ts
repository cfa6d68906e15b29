import { createTestCertificate } from 'onbehalf/testing'
import { createRegistry } from '../../issuer/registry.ts'
import { startIssuer } from '../../issuer/server.ts'
import type { IssuerCommands } from '../protocol.ts'
import { serve } from '../serve.ts'

const registry = createRegistry()

serve({
  async start() {
    const { key, certificate: cert } = await createTestCertificate({ commonName: 'issuer', hosts: ['127.0.0.1'] })
    // More than an API accepts by default, so that a chain can be too deep for it.
    const { issuer } = await startIssuer({ registry, tls: { key, cert }, maxDepth: 8 })
    return { issuer, cert }
  },
  async register({ clients, users, resources }) {
    for (const client of clients) registry.clients.set(client.id, client)
    for (const user of users) registry.users.set(user.id, user)
    for (const resource of resources) registry.resources.add(resource)
    return null
  },
} satisfies IssuerCommands)
