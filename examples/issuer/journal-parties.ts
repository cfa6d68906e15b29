import type { AuditEvent, Party } from 'onbehalf'
import type { Actor, ActorProfileClaims } from './actor-profile-claims.ts'
import { actorsOf } from './dialects/written-token.ts'

/** Undefined for what is not registered here. */
export type OwnerOf = (agent: string) => string | undefined

type Parties = Pick<AuditEvent, 'principal' | 'actor' | 'chain' | 'authority' | 'involvesAgent' | 'kinds'>

/** Those that a token names, as an API would tell them, and who answers for each agent. */
export function partiesOf(claims: ActorProfileClaims, ownerOf: OwnerOf): Parties {
  const { iss, sub, sub_profile, act } = claims
  const [principal, ...chain] = [{ iss, sub, sub_profile }, ...actorsOf(claims)].map((actor) => {
    const owner = actor.sub_profile === 'user' ? undefined : ownerOf(actor.sub)
    return { ...partyOf(actor, iss), ...(owner !== undefined && { entity: { owner } }) }
  }) as [Party, ...Party[]]
  const actor = chain[0] ?? principal
  return {
    principal,
    actor,
    chain,
    authority: act === undefined ? 'independent' : 'delegated',
    involvesAgent: [principal, ...chain].some(({ kind }) => kind === 'agent'),
    kinds: [principal.kind, actor.kind],
  }
}

export function partiesOfPerson(person: string | undefined, issuer: string): Parties {
  const party = person === undefined ? null : partyOf({ iss: issuer, sub: person, sub_profile: 'user' }, issuer)
  return { principal: party, actor: party, chain: [], authority: null, involvesAgent: false, kinds: null }
}

const kinds = { user: 'human', ai_agent: 'agent', service: 'service' } as const

function partyOf({ iss, sub, sub_profile: profile }: Omit<Actor, 'act'>, assertedBy: string): Party {
  return { subject: sub, issuer: iss, assertedBy, kind: kinds[profile], kindSource: 'profile', profiles: [profile] }
}
