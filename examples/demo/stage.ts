import type { AuditEvent } from 'onbehalf'
import { type AuditTrail, createAuditTrail } from './audit-trail.ts'
import type { Cast, Player } from './cast.ts'
import { withDeadline } from './deadline.ts'
import type {
  AgentCommands,
  ClientCommands,
  DpopAgentCommands,
  IssuerCommands,
  Note,
  PersonCommands,
  PublicKeys,
  ServiceCommands,
  ThiefCommands,
} from './protocol.ts'
import { createIssuerTrail, type IssuerTrail } from './refusals.ts'
import { type ClientName, registrationsAt, resourcesAt } from './registrations.ts'

export interface Api {
  readonly resource: string
  readonly trail: AuditTrail
}

/** Everybody in place, each in a process of its own with a key of its own. */
export interface Stage {
  readonly issuer: string
  readonly issuerTrail: IssuerTrail
  readonly operator: Player<IssuerCommands>
  readonly alice: Player<PersonCommands>
  readonly apis: Readonly<Record<'tools' | 'mtlsTools' | 'booking' | 'seats' | 'payments', Api>>
  readonly planner: Player<DpopAgentCommands>
  readonly booker: Player<ServiceCommands>
  readonly seatTool: Player<ServiceCommands>
  readonly portal: Player<DpopAgentCommands>
  readonly clerk: Player<DpopAgentCommands>
  readonly auditor: Player<AgentCommands>
  readonly thief: Player<ThiefCommands>
}

/** Made up for this run. */
const people = [{ id: 'alice', name: 'Alice', password: 'a password of the demo' }]

export async function setStage(cast: Cast): Promise<Stage> {
  const issuerTrail = createIssuerTrail()
  const operator = cast.player<IssuerCommands>('issuer', {}, (note) => 'audit' in note && issuerTrail.add(note.audit))
  const { issuer, cert } = await operator.ask('start', { people })
  const [tools, mtlsTools] = await Promise.all([startApi(cast, 'http', issuer), startApi(cast, 'mutual-tls', issuer)])

  const trust = [cert, ...mtlsTools.certificates]
  const told = (id: ClientName | 'thief') => ({ id, issuer, trust })
  const service = (id: ClientName) => {
    const trail = createAuditTrail()
    const player = cast.player<ServiceCommands>(id, told(id), (note) => follow(note, trail))
    return { trail, player }
  }
  const [booker, seatTool, payments] = [service('booker'), service('seat-tool'), service('payments')]
  const agents = {
    planner: cast.player<DpopAgentCommands>('dpop-agent', told('planner')),
    portal: cast.player<DpopAgentCommands>('dpop-agent', told('portal')),
    clerk: cast.player<DpopAgentCommands>('dpop-agent', told('clerk')),
    auditor: cast.player<AgentCommands>('mtls-agent', told('auditor')),
  }
  const alice = cast.player<PersonCommands>('person', { login: 'alice', password: people[0]?.password })
  const thief = cast.player<ThiefCommands>('thief', told('thief'))

  const at = {
    tools: tools.resource,
    mtlsTools: mtlsTools.resource,
    booking: await booker.player.ask('listen', {}),
    seats: await seatTool.player.ask('listen', {}),
    payments: await payments.player.ask('listen', {}),
    revocations: `${issuer}/revocations`,
  }
  const clients = { ...agents, booker: booker.player, 'seat-tool': seatTool.player, payments: payments.player }
  const keys = await introduceAll(clients)
  await operator.ask('register', { clients: registrationsAt(at, keys), resources: resourcesAt(at) })
  await payments.player.ask('open', { next: '' })
  await seatTool.player.ask('open', { next: at.payments })
  await booker.player.ask('open', { next: at.seats })
  const api = (name: keyof typeof at, trail: AuditTrail): Api => ({ resource: at[name], trail })
  return {
    ...{ issuer, issuerTrail, operator, alice, thief, ...agents, booker: booker.player, seatTool: seatTool.player },
    apis: {
      tools,
      mtlsTools,
      booking: api('booking', booker.trail),
      seats: api('seats', seatTool.trail),
      payments: api('payments', payments.trail),
    },
  }
}

function follow(note: Note, trail: AuditTrail): void {
  if ('audit' in note) trail.add(note.audit)
  else console.log(note.line)
}

async function introduceAll(
  clients: Readonly<Record<ClientName, Player<ClientCommands>>>,
): Promise<Readonly<Record<ClientName, PublicKeys>>> {
  const introduced = Object.entries(clients).map(async ([id, client]) => [id, await client.ask('introduce', {})])
  return Object.fromEntries(await Promise.all(introduced))
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
