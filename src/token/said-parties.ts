import { readEntityClaims } from '../internal/entity-claims.ts'
import { isPartyName } from '../internal/party-name.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import type { JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { EntityClaims, EntityKind, WarningCode } from '../types/context.ts'
import type { Dialect, DialectActor, DialectParties, DialectPrincipal, DialectReaders } from '../types/dialect.ts'
import { readActors } from './actors.ts'
import { rfc9068Parties } from './dialects/rfc9068.ts'
import { ActorFault } from './faults.ts'
import { classify, type Profile, readProfiles } from './profiles.ts'

/** A party as the token names it, before the registry of the options and the namespaces are looked at. */
export interface SaidParty extends Profile {
  readonly subject: string
  readonly entity?: EntityClaims
}

export interface SaidActor extends SaidParty {
  readonly issuer: string | null
  readonly clientId: string | undefined
  readonly isNamedByClient: boolean
}

/** Who is in the token, as its dialect reads it. */
export interface SaidParties {
  readonly principal: SaidParty
  /** Current actor first. */
  readonly chain: readonly SaidActor[]
  readonly ownToken: boolean
  readonly client: Pick<Profile, 'kind' | 'profiles'>
  readonly complete: boolean | null
  readonly expiresAt: number | undefined
  readonly grantId: string | undefined
  readonly warnings: ReadonlySet<WarningCode>
}

/**
 * What the dialect makes of the claims. A fault of the chain is a Denial, to be said when its step comes; any other fault is
 * thrown.
 */
export function readSaidParties(
  claims: JsonObject,
  clientId: string | undefined,
  issuer: IssuerPolicy,
): SaidParties | Denial {
  const warnings = new Set<WarningCode>()
  const faults: ActorFault[] = []
  try {
    const read = createReaders(issuer, clientId, warnings, faults)
    const answer = (issuer.dialect.parties ?? rfc9068Parties)(claims, read)
    if (faults.length === 0) {
      const said = check(answer, readProfiles(claims['client_profile'], warnings), warnings)
      return issuer.dialect.entity === undefined ? said : describeEntities(said, claims, issuer.dialect.entity)
    }
  } catch (error) {
    if (faults.length === 0) throw error
  }
  const [{ code, claim, hint } = new ActorFault('act')] = faults
  return new Denial(code, { claim, ...(hint !== undefined && { hint }) })
}

/** A fault is kept, in case that the dialect catches it. */
function createReaders(
  issuer: IssuerPolicy,
  clientId: string | undefined,
  warnings: Set<WarningCode>,
  faults: ActorFault[],
): DialectReaders {
  const fail = (fault: unknown): never => {
    if (fault instanceof ActorFault) faults.push(fault)
    throw fault
  }
  return Object.freeze({
    actors(claims) {
      try {
        return readActors(claims['act'], issuer, clientId, warnings)
      } catch (error) {
        return fail(error)
      }
    },
    kind: (profile) => readProfiles(profile, warnings).kind,
    profiles: (profile) => readProfiles(profile, warnings).profiles,
    malformed: (claim) => fail(new ActorFault(claim)),
    tooDeep: () => fail(new ActorFault('delegation', undefined, 'delegation_too_deep')),
  } satisfies DialectReaders)
}

function check(answer: DialectParties, client: Profile, warnings: Set<WarningCode>): SaidParties {
  const { principal, chain = [], ownToken = false, clientKind, complete, expiresAt, grantId } = answer
  for (const warning of answer.warnings ?? []) {
    demand(warningCodes.has(warning))
    warnings.add(warning)
  }
  demand(Array.isArray(chain) && typeof ownToken === 'boolean')
  demand(complete === undefined || typeof complete === 'boolean')
  demand(expiresAt === undefined || isExactNumber(expiresAt))
  demand(grantId === undefined || isPartyName(grantId))
  demand(clientKind === undefined || kinds.has(clientKind))
  return {
    principal: saidParty(principal),
    chain: chain.map(saidActor),
    ownToken,
    client: { kind: clientKind ?? client.kind, profiles: client.profiles },
    complete: complete ?? null,
    expiresAt,
    grantId,
    warnings,
  }
}

function describeEntities(said: SaidParties, claims: JsonObject, ask: NonNullable<Dialect['entity']>): SaidParties {
  const [current, ...prior] = said.chain
  return {
    ...said,
    principal: withEntity(said.principal, ask(claims, 'principal')),
    chain: current === undefined ? [] : [withEntity(current, ask(claims, 'actor')), ...prior],
  }
}

function withEntity<T extends SaidParty>(party: T, answer: EntityClaims | undefined): T {
  if (answer === undefined) return party
  const entity = readEntityClaims(answer)
  demand(entity !== undefined)
  return Object.keys(entity).length === 0 ? party : { ...party, entity }
}

function saidParty({ subject, kind, profiles = [] }: DialectPrincipal): SaidParty {
  demand(isPartyName(subject) && (kind === undefined || kinds.has(kind)))
  demand(Array.isArray(profiles) && profiles.every((profile) => typeof profile === 'string'))
  const profile = classify(profiles, kind)
  return { subject, kind: profile.kind, kindSource: profile.kindSource, profiles: profile.profiles }
}

function saidActor(actor: DialectActor): SaidActor {
  const { issuer = null, clientId, namedBy = 'sub' } = actor
  demand(issuer === null || isPartyName(issuer))
  demand(clientId === undefined || isPartyName(clientId))
  demand(namedBy === 'sub' || (namedBy === 'client_id' && clientId === actor.subject))
  // Written out: a spread costs more than the rest of the reading.
  const { subject, kind, kindSource, profiles } = saidParty(actor)
  return { subject, kind, kindSource, profiles, issuer, clientId, isNamedByClient: namedBy === 'client_id' }
}

function demand(isRight: boolean): asserts isRight {
  if (!isRight) throw new TypeError('answered another shape')
}

const kinds: ReadonlySet<EntityKind> = new Set(['human', 'agent', 'service', 'app', 'device', 'unknown'])

/** The type makes the compiler ask for a code that is missing. */
const warningCodes: ReadonlySet<string> = new Set(
  Object.keys({
    act_iss_assumed: true,
    act_iss_missing: true,
    actor_conflict: true,
    actor_unclassified: true,
    agent_client_behind_other_actor: true,
    agent_client_without_actor: true,
    certificate_header_ignored: true,
    chain_loop: true,
    client_id_azp_differ: true,
    facet_malformed: true,
    inverted_act: true,
    no_iat: true,
    principal_is_agent_user_account: true,
    profile_malformed: true,
    proof_time_reported: true,
    self_act: true,
    ttl_over_policy: true,
    unbound_token: true,
    unknown_profile_value: true,
  } satisfies Record<WarningCode, true>),
)
