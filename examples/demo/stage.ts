import type { AuditEvent } from 'onbehalf'
import { type AuditTrail, createAuditTrail } from './audit-trail.ts'
import type { Cast, Player } from './cast.ts'
import { withDeadline } from './deadline.ts'
import type {
  AgentCommands,
  ClientCommands,
  IssuerCommands,
  PortalCommands,
  ThiefCommands,
  UnboundAgentCommands,
} from './protocol.ts'
import { type ClientName, registrationOf, users } from './registrations.ts'

export interface Api {
  readonly resource: string
  readonly trail: AuditTrail
}

/** Everybody in place, each in a process of its own. */
export interface Stage {
  readonly httpApi: Api
  readonly mtlsApi: Api
  readonly portal: Player<PortalCommands>
  readonly planner: Player<AgentCommands>
  readonly worker: Player<AgentCommands>
  readonly auditor: Player<AgentCommands>
  readonly clerk: Player<AgentCommands>
  readonly legacy: Player<UnboundAgentCommands>
  readonly late: Player<AgentCommands>
  readonly thief: Player<ThiefCommands>
}

export async function setStage(cast: Cast): Promise<Stage> {
  const operator = cast.player<IssuerCommands>('issuer')
  const { issuer, cert } = await operator.ask('start', {})
  const [httpApi, mtlsApi] = await Promise.all([startApi(cast, 'http', issuer), startApi(cast, 'mutual-tls', issuer)])

  const told = (id: ClientName | 'thief') => ({ id, issuer, trust: [cert, ...mtlsApi.certificates] })
  const clients = {
    portal: cast.player<PortalCommands>('portal', told('portal')),
    planner: cast.player<AgentCommands>('dpop-agent', told('planner')),
    worker: cast.player<AgentCommands>('dpop-agent', told('worker')),
    auditor: cast.player<AgentCommands>('mtls-agent', told('auditor')),
    clerk: cast.player<AgentCommands>('mtls-agent', told('clerk')),
    legacy: cast.player<UnboundAgentCommands>('unbound-agent', told('legacy')),
    late: cast.player<AgentCommands>('dpop-agent', told('late')),
  }
  const thief = cast.player<ThiefCommands>('thief', told('thief'))

  const introduced = Object.entries<Player<ClientCommands>>(clients).map(async ([id, client]) =>
    registrationOf(id as ClientName, await client.ask('introduce', {})),
  )
  await operator.ask('register', {
    clients: await Promise.all(introduced),
    users,
    resources: [httpApi.resource, mtlsApi.resource],
  })
  return { httpApi, mtlsApi, ...clients, thief }
}

interface Line {
  readonly listening?: string
  readonly cert?: string
  readonly audit?: AuditEvent
}

async function startApi(cast: Cast, program: string, issuer: string): Promise<Api & { certificates: string[] }> {
  const trail = createAuditTrail()
  const listening = new Promise<Line>((resolve) => {
    cast.program(`../express-api/${program}.js`, { ISSUER: issuer, PORT: '0' }, (text) => {
      const line: Line = JSON.parse(text)
      if (line.audit !== undefined) trail.add(line.audit)
      else resolve(line)
    })
  })
  const { listening: resource = '', cert } = await withDeadline(listening, `start of the API ${program}`)
  return { resource, trail, certificates: cert === undefined ? [] : [cert] }
}
