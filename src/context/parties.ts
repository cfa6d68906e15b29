import { sealed } from '../internal/freeze.ts'
import { isPartyName } from '../internal/party-name.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { BoundToken } from '../sender/sender.ts'
import type { TokenClaims } from '../token/claims.ts'
import type { Delegation, Party, WarningCode } from '../types/context.ts'
import { readProfiles } from './profiles.ts'
import { isRegistered, isRegisteredActor, type RegisteredRole, registered, roleOf } from './registry.ts'

/** Who is in the token, in which part. */
export interface Parties {
  readonly principal: Party
  readonly actor: Party
  readonly authority: 'delegated' | 'independent' | 'undetermined'
  readonly delegation: Delegation | null
  readonly client: { readonly id: string; readonly profiles: readonly string[] } | null
  readonly involvesAgent: boolean
  /** Everyone the token names as an actor, also behind a self-act. */
  readonly named: readonly Party[]
  /** Whether an actor has its name from `client_id`, which only `actorClaims` admits. */
  readonly usesActorClaims: boolean
  readonly warnings: readonly WarningCode[]
}

/**
 * Step 4: `sub`, `act` and the client as parties (RFC 8693 §4.1). Strict at every level: a malformed, foreign or too deep
 * chain is refused, never cut. No actor is read out of `client_id`, `azp` or `may_act`; only `agentClients` may name one.
 */
export function readParties(claims: TokenClaims, issuer: IssuerPolicy, maxDepth: number): Parties | Denial {
  const warnings = new Set<WarningCode>()
  const read = readChain(claims, issuer, maxDepth, warnings)
  if (read instanceof Denial) return read
  const { chain, clientNamed } = read
  const outermost = chain[0]
  const isSelf = outermost !== undefined && !clientNamed.has(outermost) && isSubject(outermost, claims)
  const named = isSelf ? undefined : outermost
  if (isSelf) warnings.add('self_act')
  const principal = readPrincipal(claims, issuer, { isAlone: named === undefined, warnings })
  const client = readClient(claims, issuer, warnings)
  if (claims.azp !== undefined && claims.azp !== claims.clientId) warnings.add('client_id_azp_differ')
  if (named !== undefined) warnOfChain(claims.act as JsonObject, read, principal, warnings)

  const role = named === undefined ? roleOf(claims, issuer, principal.kind) : undefined
  const current = named ?? (role === 'actor' ? registeredActor(claims, issuer) : undefined)
  const actor = current ?? principal
  const namesAgent = [principal, actor, ...chain].some((party) => party.kind === 'agent')
  if (role === 'unclear' || (role === undefined && client.isAgent && current === undefined && !namesAgent)) {
    warnings.add('agent_client_without_actor')
  }
  if (client.isAgent && named !== undefined && !isClient(named, claims)) warnings.add('agent_client_behind_other_actor')
  return {
    principal,
    actor,
    authority: current === undefined ? authorityOf(principal, role, client.isAgent) : 'delegated',
    delegation: current === undefined ? null : describeDelegation(named === undefined ? [current] : chain),
    client: claims.clientId === undefined ? null : sealed({ id: claims.clientId, profiles: client.profiles }),
    involvesAgent: namesAgent || client.isAgent,
    named: Object.freeze(named === undefined && current !== undefined ? [current, ...chain] : [...chain]),
    usesActorClaims: clientNamed.size > 0,
    warnings: Object.freeze([...warnings]),
  }
}

declare const delegation: unique symbol

/** A bound token whose chain of actors is well formed and allowed. Only `checkDelegation` makes one. */
export type DelegatedToken = BoundToken & { readonly [delegation]: Parties }

/** Step 4. The chain was read with the token; a fault in it is answered here, once the sender is proven. */
export function checkDelegation(bound: BoundToken): DelegatedToken | Denial {
  const { parties } = bound.token
  return parties instanceof Denial ? parties : (bound as DelegatedToken)
}

export function partiesIn({ token }: DelegatedToken): Parties {
  return token.parties as Parties
}

/** `independent` only where the token itself leaves no doubt; a human's token in an agent's hands does. */
function authorityOf(
  principal: Party,
  role: RegisteredRole | undefined,
  clientIsAgent: boolean,
): 'independent' | 'undetermined' {
  if (role !== undefined) return role === 'principal' ? 'independent' : 'undetermined'
  if (principal.kind === 'unknown') return 'undetermined'
  return principal.kind === 'human' && clientIsAgent ? 'undetermined' : 'independent'
}

interface Chain {
  /** Current actor first. */
  readonly chain: readonly Party[]
  readonly clientNamed: ReadonlySet<Party>
}

/** Iterative: the depth is the caller's choice, the limit ours. */
function readChain(
  { act, clientId }: TokenClaims,
  issuer: IssuerPolicy,
  maxDepth: number,
  warnings: Set<WarningCode>,
): Chain | Denial {
  const chain: Party[] = []
  const clientNamed = new Set<Party>()
  let isTooDeep = false
  let isForeign = false
  for (let level = act; level !== undefined; level = level['act']) {
    if (!isJsonObject(level)) return malformed('act')
    const party = readActor(level, issuer, warnings)
    if (party instanceof Denial) return party
    const isNamedByClient = !Object.hasOwn(level, 'sub')
    // The current actor is then the client that got the token.
    if (isNamedByClient && level === act && party.clientId !== clientId) return malformed('act.client_id')
    isTooDeep ||= chain.length === maxDepth
    isForeign ||= !mayName(issuer, party.issuer)
    if (isTooDeep) continue
    chain.push(party)
    if (isNamedByClient) clientNamed.add(party)
  }
  if (isTooDeep) return new Denial('delegation_too_deep', { hint: 'delegation.maxDepth' })
  if (isForeign) return new Denial('delegation_not_allowed', { claim: 'act.iss', hint: `${issuer.path}.actorIssuers` })
  return { chain, clientNamed }
}

function malformed(claim: string, hint?: string): Denial {
  return new Denial('delegation_malformed', hint === undefined ? { claim } : { claim, hint })
}

/** Members other than these have no meaning here, `cnf`, `exp` and `aud` included (RFC 8693 §4.1). */
function readActor(act: JsonObject, issuer: IssuerPolicy, warnings: Set<WarningCode>): Party | Denial {
  const { sub, iss, client_id: clientId } = act
  if (iss !== undefined && !isPartyName(iss)) return malformed('act.iss')
  if (clientId !== undefined && !isPartyName(clientId)) return malformed('act.client_id')
  const isNamedByClient = !Object.hasOwn(act, 'sub') && clientId !== undefined
  if (isNamedByClient && issuer.actorClaims === 'sub') return malformed('act.sub', `${issuer.path}.actorClaims`)
  const subject = isNamedByClient ? clientId : sub
  if (!isPartyName(subject)) return malformed('act.sub')
  if (iss === undefined) warnings.add('act_iss_missing')
  const profile = readProfiles(act['sub_profile'], warnings)
  const isAgent = profile.kind === 'unknown' && isRegisteredActor(issuer, iss, clientId ?? subject)
  return sealed({
    subject,
    issuer: iss ?? null,
    assertedBy: issuer.issuer,
    ...profile,
    ...(isAgent ? registered : {}),
    ...(clientId === undefined ? {} : { clientId }),
  })
}

/** Whose actors this issuer may name; `act.iss` is the namespace of `act.sub`, not who vouches for it. */
function mayName({ issuer, actorIssuers }: IssuerPolicy, namespace: string | null): boolean {
  if (actorIssuers === false) return false
  if (actorIssuers === 'any' || namespace === null || namespace === issuer) return true
  return actorIssuers !== 'own' && actorIssuers.has(namespace)
}

/** `isAlone`: the token names no other actor. */
export function readPrincipal(
  claims: TokenClaims,
  issuer: IssuerPolicy,
  { isAlone, warnings = new Set() }: { isAlone: boolean; warnings?: Set<WarningCode> },
): Party {
  const { sub, clientId } = claims
  const profile = readProfiles(claims.subProfile, warnings)
  if (profile.kind === 'agent' && profile.profiles.includes('user')) warnings.add('principal_is_agent_user_account')
  const isOwn = (isAlone || sub === clientId) && roleOf(claims, issuer, profile.kind) === 'principal'
  return sealed({
    subject: sub,
    issuer: issuer.issuer,
    assertedBy: issuer.issuer,
    ...profile,
    ...(isOwn && profile.kind === 'unknown' ? registered : {}),
    ...(isOwn && clientId !== undefined ? { clientId } : {}),
  })
}

function registeredActor({ clientId }: TokenClaims, issuer: IssuerPolicy): Party | undefined {
  if (clientId === undefined) return undefined
  return sealed({
    subject: clientId,
    issuer: issuer.issuer,
    assertedBy: issuer.issuer,
    ...registered,
    profiles: Object.freeze([]),
    clientId,
  })
}

function readClient({ clientId, clientProfile }: TokenClaims, issuer: IssuerPolicy, warnings: Set<WarningCode>) {
  const { kind, profiles } = readProfiles(clientProfile, warnings)
  return { profiles, isAgent: kind === 'agent' || isRegistered(issuer, clientId) }
}

/** An actor without namespace is taken to live in the token issuer's, for these comparisons alone. */
function isAtHome(actor: Party): boolean {
  return (actor.issuer ?? actor.assertedBy) === actor.assertedBy
}

function isSubject(actor: Party, { sub }: TokenClaims): boolean {
  return actor.subject === sub && isAtHome(actor)
}

function isClient(actor: Party, { clientId }: TokenClaims): boolean {
  return isAtHome(actor) && (actor.subject === clientId || actor.clientId === clientId)
}

/** Cycles are legal in RFC 8693, yet worth a look. */
function warnOfChain(act: JsonObject, read: Chain, principal: Party, warnings: Set<WarningCode>): void {
  const { chain, clientNamed } = read
  if (chain[0]?.kind === 'unknown' && act['sub_profile'] === undefined) warnings.add('actor_unclassified')
  const names = [principal, ...chain].map((party) =>
    JSON.stringify([party.issuer ?? party.assertedBy, party.subject, clientNamed.has(party)]),
  )
  if (new Set(names).size < names.length) warnings.add('chain_loop')
}

function describeDelegation(chain: readonly Party[]): Delegation {
  return sealed({ chain: Object.freeze([...chain]), depth: chain.length, complete: null })
}
