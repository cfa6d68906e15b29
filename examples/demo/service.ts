import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { createVerifier, type Verifier } from 'onbehalf'
import { createDpopAgent, type DpopAgent } from '../agents/dpop-agent.ts'
import { createSigningKey } from '../agents/signing-key.ts'
import { followRevocations } from '../resource-server/revocation-feed.ts'
import { agentCommands } from './agent-commands.ts'
import { introduceKey } from './keys.ts'
import type { ClientSettings, ServiceCommands } from './protocol.ts'
import { serve, tellAudit, tellStage } from './serve.ts'
import { readSettings } from './settings.ts'

export interface ServiceParts {
  readonly verifier: Verifier
  readonly agent: DpopAgent
  readonly next: string
  readonly tell: (line: string) => void
}

/** A service of the chain in a process of its own: it guards its door, follows what the issuer revokes, and has a key. */
export async function playService(path: string, createApp: (parts: ServiceParts) => Express): Promise<void> {
  const { id, issuer } = readSettings<ClientSettings>()
  const clientKey = await createSigningKey()
  const agent = await createDpopAgent({ id, issuer, clientKey })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const resource = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

  serve({
    introduce: async () => introduceKey(clientKey),
    ...agentCommands(agent),
    listen: async () => resource,
    async open({ next }) {
      const revocation = followRevocations({ issuer, agent })
      await revocation.ready()
      const verifier = createVerifier({
        issuer,
        resource,
        revocation,
        ...(path !== '' && { dpop: { preset: 'mcp' } }),
        audit: tellAudit,
      })
      const tell = (line: string) => tellStage({ line })
      server.on('request', createApp({ verifier, agent, next, tell }))
      return null
    },
  } satisfies ServiceCommands)
}
