import type { ClientMetadata, Rights } from '../issuer/registration.ts'
import { deviceGrant } from '../issuer/registration.ts'
import type { Resource } from '../issuer/resources.ts'
import { tokenExchangeGrant } from '../issuer/token-exchange.ts'
import type { PublicKeys } from './protocol.ts'

export type ClientName =
  | 'tools'
  | 'mtls-tools'
  | 'planner'
  | 'booker'
  | 'seat-tool'
  | 'payments'
  | 'clerk'
  | 'auditor'
  | 'portal'

/** The resource identifiers, which are known once the APIs listen. */
export interface Places {
  readonly tools: string
  readonly mtlsTools: string
  readonly booking: string
  readonly seats: string
  readonly payments: string
}

export const redirectUri = 'https://portal.example/callback'
const agent = { client_profile: 'ai_agent', grant_types: ['client_credentials', tokenExchangeGrant] } as const
const service = { ...agent, client_profile: 'service' } as const
const follow = 'revocations:read'
const follower = { client_profile: 'service', scope: follow, grant_types: ['client_credentials'] } as const

type Policy = Rights & Pick<ClientMetadata, 'grant_types' | 'client_name' | 'redirect_uris' | 'response_types'>

/** What the operator of the issuer has agreed with the owner of each client. */
function policiesAt(at: Places): Readonly<Record<ClientName, Policy>> {
  return {
    // Agent A acts for people who consent, and may ask agent B.
    planner: {
      ...agent,
      owner: 'Travel team',
      client_name: 'Travel planner',
      scope: 'tools:read trip:book seat:choose pay agent:act',
      may_reach: [at.tools, at.booking],
      may_exchange: [at.tools],
      grant_types: [...agent.grant_types, deviceGrant],
    },
    // Agent B takes orders of agent A, and uses the tool.
    booker: {
      ...agent,
      owner: 'Booking team',
      scope: `trip:book seat:choose pay agent:act ${follow}`,
      may_reach: [at.seats],
      may_exchange: [at.booking],
      may_follow: ['planner'],
    },
    // Tool C.
    'seat-tool': {
      ...service,
      owner: 'Seat team',
      scope: `seat:choose pay agent:act ${follow}`,
      may_reach: [at.payments],
      may_exchange: [at.seats],
      may_follow: ['booker'],
    },
    // These only follow what is revoked.
    payments: { ...follower, owner: 'Payments team', may_reach: [] },
    tools: { ...follower, owner: 'Tools team', may_reach: [] },
    'mtls-tools': { ...follower, owner: 'Tools team', may_reach: [] },
    // Wants to follow the tool, one hop more than there may be.
    clerk: {
      ...agent,
      owner: 'Back office',
      scope: 'pay agent:act',
      may_reach: [at.payments],
      may_exchange: [at.payments],
      may_follow: ['seat-tool'],
    },
    auditor: {
      ...agent,
      owner: 'Compliance team',
      scope: 'tools:read agent:act',
      may_reach: [at.mtlsTools],
      grant_types: ['client_credentials'],
    },
    // An application where alice signs in herself. Her token there names the planner, and no other agent, in `may_act`.
    portal: {
      owner: 'Web team',
      client_profile: 'web_app',
      scope: 'tools:read',
      may_reach: [at.tools],
      names_actor: 'planner',
      redirect_uris: [redirectUri],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  }
}

export function registrationsAt(at: Places, keys: Readonly<Record<ClientName, PublicKeys>>): readonly ClientMetadata[] {
  const policies = Object.entries(policiesAt(at)) as [ClientName, Policy][]
  return policies.map(([id, policy]) => ({ client_id: id, ...policy, ...keys[id] }))
}

export function resourcesAt(at: Places): readonly Resource[] {
  return [
    { id: at.tools, scopes: ['tools:read', 'tools:write', 'trip:book', 'seat:choose', 'pay'] },
    { id: at.mtlsTools, scopes: ['tools:read'] },
    { id: at.booking, scopes: ['trip:book', 'seat:choose', 'pay'] },
    { id: at.seats, scopes: ['seat:choose', 'pay'] },
    { id: at.payments, scopes: ['pay'] },
  ]
}
