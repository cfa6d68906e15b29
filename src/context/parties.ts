import { sealed } from '../internal/freeze.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { BoundToken } from '../sender/sender.ts'
import type { TokenClaims } from '../token/claims.ts'
import type { Delegation, Party, WarningCode } from '../types/context.ts'
import { readProfiles } from './profiles.ts'

/** Who is in the token, in which part. */
export interface Parties {
  readonly principal: Party
  readonly actor: Party
  readonly authority: 'delegated' | 'independent' | 'undetermined'
  readonly delegation: Delegation | null
  readonly client: { readonly id: string; readonly profiles: readonly string[] }
  readonly involvesAgent: boolean
  /** Everyone the token names as an actor, also behind a self-act. */
  readonly named: readonly Party[]
  readonly warnings: readonly WarningCode[]
}

/**
 * Step 4: `sub`, `act` and the client as parties (RFC 8693 §4.1). Strict at every level: a malformed, foreign or too deep
 * chain is refused, never cut. No actor is read out of `client_id`, `azp` or `may_act`; only `agentClients` may name one.
 */
export function readParties(claims: TokenClaims, issuer: IssuerPolicy, maxDepth: number): Parties | Denial {
  const warnings = new Set<WarningCode>()
  const chain = readChain(claims.act, issuer, maxDepth, warnings)
  if (chain instanceof Denial) return chain
  const principal = readPrincipal(claims, issuer, warnings)
  const client = readClient(claims, issuer, warnings)
  if (claims.azp !== undefined && claims.azp !== claims.clientId) warnings.add('client_id_azp_differ')

  const isSelf = chain[0] !== undefined && isSameParty(chain[0], principal)
  if (isSelf) warnings.add('self_act')
  else if (chain[0] !== undefined) warnOfChain(claims.act as JsonObject, chain, principal, warnings)
  const current = isSelf ? undefined : (chain[0] ?? registeredActor(claims, issuer))
  const actor = current ?? principal
  const namesAgent = [principal, actor, ...chain].some((party) => party.kind === 'agent')
  if (client.isAgent && !namesAgent) {
    warnings.add(current === undefined ? 'agent_client_without_actor' : 'agent_client_behind_other_actor')
  }
  return {
    principal,
    actor,
    authority: current === undefined ? authorityOf(principal, client.isAgent) : 'delegated',
    delegation: current === undefined ? null : describeDelegation(current, chain),
    client: sealed({ id: claims.clientId, profiles: client.profiles }),
    involvesAgent: namesAgent || client.isAgent,
    named: Object.freeze(chain.length === 0 && current !== undefined ? [current] : [...chain]),
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
function authorityOf(principal: Party, clientIsAgent: boolean): 'independent' | 'undetermined' {
  if (principal.kind === 'unknown') return 'undetermined'
  return principal.kind === 'human' && clientIsAgent ? 'undetermined' : 'independent'
}

/** Current actor first. Iterative: the depth is the caller's choice, the limit ours. */
function readChain(
  act: unknown,
  issuer: IssuerPolicy,
  maxDepth: number,
  warnings: Set<WarningCode>,
): readonly Party[] | Denial {
  const chain: Party[] = []
  let isTooDeep = false
  let isForeign = false
  for (let level = act; level !== undefined; level = level['act']) {
    if (!isJsonObject(level)) return new Denial('delegation_malformed', { claim: 'act' })
    const party = readActor(level, issuer, warnings)
    if (party === undefined) return new Denial('delegation_malformed', { claim: 'act' })
    isTooDeep ||= chain.length === maxDepth
    isForeign ||= !mayName(issuer, party.issuer)
    if (!isTooDeep) chain.push(party)
  }
  if (isTooDeep) return new Denial('delegation_too_deep', { hint: 'delegation.maxDepth' })
  if (isForeign) return new Denial('delegation_not_allowed', { hint: `${issuer.path}.actorIssuers` })
  return chain
}

/** Members other than these have no meaning here, `cnf`, `exp` and `aud` included (RFC 8693 §4.1). */
function readActor(act: JsonObject, issuer: IssuerPolicy, warnings: Set<WarningCode>): Party | undefined {
  const { sub, iss, client_id: clientId } = act
  if (typeof sub !== 'string' || sub === '') return undefined
  if (iss !== undefined && (typeof iss !== 'string' || iss === '')) return undefined
  if (clientId !== undefined && (typeof clientId !== 'string' || clientId === '')) return undefined
  if (iss === undefined) warnings.add('act_iss_missing')
  const profile = readProfiles(act['sub_profile'], warnings)
  const isRegistered = profile.kind === 'unknown' && isRegisteredAgent(issuer, iss, clientId ?? sub)
  return sealed({
    subject: sub,
    issuer: iss ?? null,
    assertedBy: issuer.issuer,
    ...profile,
    ...(isRegistered ? registered : {}),
    ...(clientId === undefined ? {} : { clientId }),
  })
}

const registered = { kind: 'agent', kindSource: 'registry' } as const

/** The registry holds client ids of the token's issuer alone. */
function isRegisteredAgent(issuer: IssuerPolicy, namespace: string | undefined, clientId: string): boolean {
  return (namespace === undefined || namespace === issuer.issuer) && issuer.agentClients.has(clientId)
}

/** Whose actors this issuer may name; `act.iss` is the namespace of `act.sub`, not who vouches for it. */
function mayName({ issuer, actorIssuers }: IssuerPolicy, namespace: string | null): boolean {
  if (actorIssuers === false) return false
  if (actorIssuers === 'any' || namespace === null || namespace === issuer) return true
  return actorIssuers !== 'own' && actorIssuers.has(namespace)
}

export function readPrincipal(
  claims: TokenClaims,
  issuer: IssuerPolicy,
  warnings: Set<WarningCode> = new Set(),
): Party {
  const profile = readProfiles(claims.subProfile, warnings)
  if (profile.kind === 'agent' && profile.profiles.includes('user')) warnings.add('principal_is_agent_user_account')
  const isRegistered = profile.kind === 'unknown' && isOwnAgent(claims, issuer)
  return sealed({
    subject: claims.sub,
    issuer: issuer.issuer,
    assertedBy: issuer.issuer,
    ...profile,
    ...(isRegistered ? registered : {}),
  })
}

/** A registered agent's own token: it is its own subject (RFC 9068 §2.2). */
function isOwnAgent({ sub, clientId }: TokenClaims, issuer: IssuerPolicy): boolean {
  return sub === clientId && issuer.agentClients.has(clientId)
}

/** `agentClients` raises a token in a registered agent's hands to a delegation, where the token names no actor. */
function registeredActor(claims: TokenClaims, issuer: IssuerPolicy): Party | undefined {
  if (!issuer.agentClients.has(claims.clientId) || claims.sub === claims.clientId) return undefined
  return sealed({
    subject: claims.clientId,
    issuer: issuer.issuer,
    assertedBy: issuer.issuer,
    ...registered,
    profiles: Object.freeze([]),
    clientId: claims.clientId,
  })
}

function readClient({ clientId, clientProfile }: TokenClaims, issuer: IssuerPolicy, warnings: Set<WarningCode>) {
  const { kind, profiles } = readProfiles(clientProfile, warnings)
  return { profiles, isAgent: kind === 'agent' || issuer.agentClients.has(clientId) }
}

/** An actor without namespace is taken to live in the token issuer's, for this comparison alone. */
function isSameParty(actor: Party, principal: Party): boolean {
  return actor.subject === principal.subject && (actor.issuer ?? actor.assertedBy) === principal.issuer
}

/** Cycles are legal in RFC 8693, yet worth a look. */
function warnOfChain(act: JsonObject, chain: readonly Party[], principal: Party, warnings: Set<WarningCode>): void {
  if (chain[0]?.kind === 'unknown' && act['sub_profile'] === undefined) warnings.add('actor_unclassified')
  const names = [principal, ...chain].map((party) => JSON.stringify([party.issuer ?? party.assertedBy, party.subject]))
  if (new Set(names).size < names.length) warnings.add('chain_loop')
}

/** An actor of the registry is in no `act`: the depth is the token's. */
function describeDelegation(current: Party, chain: readonly Party[]): Delegation {
  const isNamed = current === chain[0]
  return sealed({
    chain: Object.freeze(isNamed ? [...chain] : [current]),
    depth: isNamed ? chain.length : 0,
    complete: null,
  })
}
