import { sealed } from '../internal/freeze.ts'
import { isJsonObject } from '../jose/strict-json.ts'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial, type Findings, FirmDenial } from '../refusal/denial.ts'
import type { BoundToken } from '../sender/sender.ts'
import type { TokenClaims } from '../token/claims.ts'
import type { SaidActor, SaidParties, SaidParty } from '../token/said-parties.ts'
import type { VerifiedToken } from '../token/verify.ts'
import type { Delegation, Party, WarningCode } from '../types/context.ts'
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
 * Step 4: the parties as the token's dialect reads them, with what the options know of its issuer and clients. A foreign or
 * too deep chain is refused, never cut. No actor is read out of `client_id`, `azp` or `may_act`; only a dialect or
 * `agentClients` may name one.
 */
export function readParties(
  { claims, issuer }: Pick<VerifiedToken, 'claims' | 'issuer'>,
  maxDepth: number,
  found: Findings,
): Parties | Denial {
  const said = claims.parties
  if (said instanceof Denial) return said
  const refusal =
    found.enforced(checkDepth(said.chain, maxDepth)) ?? found.enforced(checkNamespaces(said.chain, issuer))
  if (refusal !== undefined) return refusal
  const warnings = new Set(said.warnings)
  const chain = said.chain.map((actor) => buildActor(actor, issuer))
  const isSelf = said.chain[0] !== undefined && isSubject(said.chain[0], said.principal, issuer)
  const named = isSelf ? undefined : chain[0]
  if (isSelf) warnings.add('self_act')
  const principal = readPrincipal(claims, issuer, named === undefined)
  const isAgentClient = said.client.kind === 'agent' || isRegistered(issuer, claims.clientId)
  if (named !== undefined) warnOfChain(named, said, claims, warnings)

  const role = named === undefined ? roleOf(said.principal, claims.clientId, { issuer, ...said }) : undefined
  const current = named ?? (role === 'actor' ? registeredActor(claims, issuer) : undefined)
  const actor = current ?? principal
  const namesAgent = [principal, actor, ...chain].some((party) => party.kind === 'agent')
  warnOfPrincipal(said, claims, warnings)
  if (role === 'unclear' || (role === undefined && isAgentClient && current === undefined && !namesAgent)) {
    warnings.add('agent_client_without_actor')
  }
  if (isAgentClient && named !== undefined && !isClient(named, claims)) {
    warnings.add(claims.all['act'] === undefined ? 'actor_conflict' : 'agent_client_behind_other_actor')
  }
  return {
    principal,
    actor,
    authority: current === undefined ? authorityOf(principal, role, isAgentClient) : 'delegated',
    delegation: current === undefined ? null : describeDelegation(named === undefined ? [current] : chain, said),
    client: claims.clientId === undefined ? null : sealed({ id: claims.clientId, profiles: said.client.profiles }),
    involvesAgent: namesAgent || isAgentClient,
    named: Object.freeze(named === undefined && current !== undefined ? [current, ...chain] : [...chain]),
    usesActorClaims: said.chain.some(({ isNamedByClient }) => isNamedByClient),
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

/** A chain that `reportOnly` admits is kept whole, so it must have an end all the same. */
function checkDepth({ length }: readonly SaidActor[], maxDepth: number): Denial | undefined {
  if (length <= maxDepth) return undefined
  const facts = { hint: 'delegation.maxDepth' }
  return length <= fixed.reportedActors
    ? new Denial('delegation_too_deep', facts)
    : new FirmDenial('delegation_too_deep', facts)
}

function checkNamespaces(chain: readonly SaidActor[], issuer: IssuerPolicy): Denial | undefined {
  if (chain.every((actor) => mayName(issuer, actor.issuer))) return undefined
  return new Denial('delegation_not_allowed', { claim: 'act.iss', hint: `${issuer.path}.actorIssuers` })
}

/** Whose actors this issuer may name; `act.iss` is the namespace of `act.sub`, not who vouches for it. */
function mayName({ issuer, actorIssuers }: IssuerPolicy, namespace: string | null): boolean {
  if (actorIssuers === false) return false
  if (actorIssuers === 'any' || namespace === null || namespace === issuer) return true
  return actorIssuers !== 'own' && actorIssuers.has(namespace)
}

function buildActor(actor: SaidActor, issuer: IssuerPolicy): Party {
  const { subject, clientId, kind, kindSource, profiles, entity } = actor
  const isAgent = kind === 'unknown' && isRegisteredActor(issuer, actor.issuer, clientId ?? subject)
  return sealed({
    subject,
    issuer: actor.issuer,
    assertedBy: issuer.issuer,
    kind,
    kindSource,
    profiles,
    ...(isAgent ? registered : {}),
    ...(clientId === undefined ? {} : { clientId }),
    ...(entity === undefined ? {} : { entity }),
  })
}

/** `isAlone`: the token names no other actor. */
export function readPrincipal(claims: TokenClaims, issuer: IssuerPolicy, isAlone: boolean): Party {
  const { principal: said, parties, clientId } = claims
  const { subject, kind, kindSource, profiles, entity } = said
  const ownToken = isAlone && !(parties instanceof Denial) && parties.ownToken
  const isOwn = (isAlone || subject === clientId) && roleOf(said, clientId, { issuer, ownToken }) === 'principal'
  // A dialect that knows the token as the client's own calls it a service, which an agent may be as well.
  const isUnsaid = kind === 'unknown' || (kind === 'service' && kindSource === 'dialect')
  return sealed({
    subject,
    issuer: issuer.issuer,
    assertedBy: issuer.issuer,
    kind,
    kindSource,
    profiles,
    ...(isOwn && isUnsaid ? registered : {}),
    ...(isOwn && clientId !== undefined ? { clientId } : {}),
    ...(entity === undefined ? {} : { entity }),
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

/** An actor without namespace is taken to live in the token issuer's, for these comparisons alone. */
function isAtHome(namespace: string | null, home: string): boolean {
  return namespace === null || namespace === home
}

/** An actor whose only name is a client id is never the user of the same name. */
function isSubject(actor: SaidActor, principal: SaidParty, { issuer }: IssuerPolicy): boolean {
  return !actor.isNamedByClient && actor.subject === principal.subject && isAtHome(actor.issuer, issuer)
}

function isClient(actor: Party, { clientId }: TokenClaims): boolean {
  return isAtHome(actor.issuer, actor.assertedBy) && (actor.subject === clientId || actor.clientId === clientId)
}

function warnOfPrincipal({ principal, chain }: SaidParties, claims: TokenClaims, warnings: Set<WarningCode>): void {
  if (principal.kind === 'agent' && principal.profiles.includes('user')) warnings.add('principal_is_agent_user_account')
  if (claims.azp !== undefined && claims.azp !== claims.clientId) warnings.add('client_id_azp_differ')
  if (chain.some(({ issuer }) => issuer === null)) warnings.add('act_iss_missing')
}

function warnOfChain(
  current: Party,
  { principal, chain }: SaidParties,
  { all }: TokenClaims,
  warnings: Set<WarningCode>,
): void {
  const hasProfile =
    current.profiles.length > 0 || (isJsonObject(all['act']) && Object.hasOwn(all['act'], 'sub_profile'))
  if (current.kind === 'unknown' && !hasProfile) warnings.add('actor_unclassified')
  // Cycles are legal in RFC 8693, yet worth a look.
  const home = current.assertedBy
  const names = [
    [home, principal.subject, false],
    ...chain.map(({ issuer, subject, isNamedByClient }) => [issuer ?? home, subject, isNamedByClient]),
  ].map((name) => JSON.stringify(name))
  if (new Set(names).size < names.length) warnings.add('chain_loop')
}

function describeDelegation(chain: readonly Party[], { complete, expiresAt, grantId }: SaidParties): Delegation {
  return sealed({
    chain: Object.freeze([...chain]),
    depth: chain.length,
    complete,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(grantId !== undefined && { grantId }),
  })
}
