import {
  type ClientAuthentication,
  grantTypes,
  type RegisteredClient,
  type RegisteredUser,
} from '../issuer/registry.ts'

export type ClientName = 'portal' | 'planner' | 'worker' | 'auditor' | 'clerk' | 'legacy' | 'late'

type Policy = Omit<RegisteredClient, 'id' | 'authentication'>

/** What the operator of the issuer has agreed with the owner of each client. */
const policies: Readonly<Record<ClientName, Policy>> = {
  portal: {
    owner: 'Web team',
    profile: 'web_app',
    grants: [grantTypes.jwtBearer],
    scopes: ['tools:read', 'tools:write'],
    vouchesFor: ['alice', 'bob'],
  },
  planner: {
    owner: 'Travel team',
    profile: 'ai_agent',
    grants: [grantTypes.tokenExchange],
    scopes: ['tools:read', 'tools:write'],
    mayActFor: ['alice'],
    mayFollow: ['worker'],
  },
  worker: {
    owner: 'Booking team',
    profile: 'ai_agent',
    grants: [grantTypes.tokenExchange],
    scopes: ['tools:read'],
    mayActFor: ['alice'],
    mayFollow: ['planner'],
  },
  auditor: {
    owner: 'Compliance team',
    profile: 'ai_agent',
    grants: [grantTypes.clientCredentials],
    scopes: ['tools:read'],
  },
  // May act for bob because bob's tokens name it, and for nobody else.
  clerk: {
    owner: 'Back office',
    profile: 'ai_agent',
    grants: [grantTypes.tokenExchange],
    scopes: ['tools:read'],
  },
  legacy: {
    owner: 'Nobody any more',
    profile: 'ai_agent',
    grants: [grantTypes.clientCredentials],
    scopes: ['tools:read'],
    dangerouslyIssueUnbound: true,
  },
  // Gets a token that ended long ago, so that nobody has to wait for one to expire.
  late: {
    owner: 'Night shift',
    profile: 'ai_agent',
    grants: [grantTypes.clientCredentials],
    scopes: ['tools:read'],
    dangerouslyBackdatedSeconds: 3_600,
  },
}

export const users: readonly RegisteredUser[] = [{ id: 'alice' }, { id: 'bob', mayAct: 'clerk' }]

export function registrationOf(id: ClientName, authentication: ClientAuthentication): RegisteredClient {
  return { id, authentication, ...policies[id] }
}
