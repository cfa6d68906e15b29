import { type AuditTrail, createAuditTrail } from './audit-trail.ts'
import type { Cast, Player } from './cast.ts'
import type {
  AgentCommands,
  ClientCommands,
  ClientSettings,
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
  const service = (id: ClientName) => startService(cast, { id, issuer, trust: [cert] })
  const [tools, mtlsTools, booking, seats, payments] = await Promise.all([
    service('tools'),
    service('mtls-tools'),
    service('booker'),
    service('seat-tool'),
    service('payments'),
  ])

  const told = (id: ClientName | 'thief') => ({ id, issuer, trust: [cert, mtlsTools.cert] })
  const agents = {
    planner: cast.player<DpopAgentCommands>('dpop-agent', told('planner')),
    portal: cast.player<DpopAgentCommands>('dpop-agent', told('portal')),
    clerk: cast.player<DpopAgentCommands>('dpop-agent', told('clerk')),
    auditor: cast.player<AgentCommands>('mtls-agent', told('auditor')),
  }
  const alice = cast.player<PersonCommands>('person', { login: 'alice', password: people[0]?.password })
  const thief = cast.player<ThiefCommands>('thief', told('thief'))

  const apis = { tools, mtlsTools, booking, seats, payments }
  const at = resourcesOf(apis)
  const keys = await introduceAll({
    ...{ ...agents, tools: tools.player, 'mtls-tools': mtlsTools.player },
    ...{ booker: booking.player, 'seat-tool': seats.player, payments: payments.player },
  })
  await operator.ask('register', { clients: registrationsAt(at, keys), resources: resourcesAt(at) })
  const next = { ...{ tools: '', mtlsTools: '', payments: '' }, seats: at.payments, booking: at.seats }
  await Promise.all(names(apis).map((name) => apis[name].player.ask('open', { next: next[name] })))
  const booker = booking.player
  return { issuer, issuerTrail, operator, alice, thief, ...agents, booker, seatTool: seats.player, apis }
}

interface Service extends Api {
  readonly player: Player<ServiceCommands>
  readonly cert: string
}

async function startService(cast: Cast, settings: ClientSettings): Promise<Service> {
  const trail = createAuditTrail()
  const player = cast.player<ServiceCommands>(settings.id, settings, (note) => follow(note, trail))
  return { ...(await player.ask('listen', {})), trail, player }
}

function resourcesOf<Name extends string>(apis: Readonly<Record<Name, Api>>): Record<Name, string> {
  return Object.fromEntries(names(apis).map((name) => [name, apis[name].resource])) as Record<Name, string>
}

function names<Name extends string>(apis: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(apis) as Name[]
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
