import type { IssuerPolicy } from '../options/issuer.ts'
import type { SaidParty } from '../token/said-parties.ts'

/** What `agentClients` makes of a token: the client ids in it are agents of the token's issuer. */

export const registered = { kind: 'agent', kindSource: 'registry' } as const

export function isRegistered(issuer: IssuerPolicy, clientId: string | undefined): clientId is string {
  return clientId !== undefined && issuer.agentClients.has(clientId)
}

/** The registry holds client ids of the token's issuer alone. */
export function isRegisteredActor(issuer: IssuerPolicy, namespace: string | null, clientId: string): boolean {
  return (namespace === null || namespace === issuer.issuer) && isRegistered(issuer, clientId)
}

/** For whom a registered client acts where the token names no other actor. */
export type RegisteredRole = 'actor' | 'principal' | 'unclear'

/**
 * In this order: behind a human the client is the actor; a token whose subject is the client, or whose client acts for
 * `itself`, is the client's own; of a client that acts for `users`, any other subject is one of them. What is left is not
 * guessed.
 */
export function roleOf(
  { subject, kind }: SaidParty,
  clientId: string | undefined,
  { issuer, ownToken }: { issuer: IssuerPolicy; ownToken: boolean },
): RegisteredRole | undefined {
  if (!isRegistered(issuer, clientId)) return undefined
  const actsFor = issuer.agentClients.get(clientId)
  if (kind === 'human') return 'actor'
  if (ownToken || (subject === clientId && actsFor !== 'users')) return 'principal'
  if (actsFor === 'itself') return 'principal'
  return actsFor === 'users' && subject !== clientId ? 'actor' : 'unclear'
}
