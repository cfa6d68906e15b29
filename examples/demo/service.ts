import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import type { RevocationSource } from 'onbehalf'
import { createTestCertificate } from 'onbehalf/testing'
import { createDpopAgent, type DpopAgent } from '../agents/dpop-agent.ts'
import { createSigningKey } from '../agents/signing-key.ts'
import { followRevocations } from '../resource-server/revocation-feed.ts'
import { agentCommands } from './agent-commands.ts'
import { introduceKey } from './keys.ts'
import type { ClientSettings, ServiceCommands } from './protocol.ts'
import { serve, tellAudit, tellStage } from './serve.ts'
import { readSettings } from './settings.ts'

/** What a service is made of. */
export interface ServiceParts {
  /** Whom it trusts, what it is called, what is revoked, and where its events go. */
  readonly options: {
    readonly issuer: string
    readonly resource: string
    readonly revocation: RevocationSource
    readonly audit: typeof tellAudit
  }
  readonly agent: DpopAgent
  readonly next: string
  readonly tell: (line: string) => void
}

export interface ServicePlace {
  /** Behind the origin. */
  readonly path?: string
  /** Over TLS, where clients are asked for their certificates. */
  readonly isSecure?: boolean
}

/** A service of the chain in a process of its own: it guards its door, follows what the issuer revokes, and has a key. */
export async function playService(
  { path = '', isSecure = false }: ServicePlace,
  createApp: (parts: ServiceParts) => Express,
): Promise<void> {
  const { id, issuer } = readSettings<ClientSettings>()
  const clientKey = await createSigningKey()
  const agent = await createDpopAgent({ id, issuer, clientKey })
  const { key, certificate: cert } = await createTestCertificate({ commonName: id, hosts: ['127.0.0.1'] })
  const server = isSecure
    ? // RFC 8705 §6.2: the connection does not judge who issued a certificate.
      createTlsServer({ key, cert, requestCert: true, rejectUnauthorized: false })
    : createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const resource = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}${path}`

  serve({
    introduce: async () => introduceKey(clientKey),
    ...agentCommands(agent),
    listen: async () => ({ resource, cert }),
    async open({ next }) {
      const revocation = followRevocations({ issuer, agent })
      await revocation.ready()
      const options = { issuer, resource, revocation, audit: tellAudit }
      const tell = (line: string) => tellStage({ line })
      server.on('request', createApp({ options, agent, next, tell }))
      return null
    },
  } satisfies ServiceCommands)
}
