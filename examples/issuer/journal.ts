import { randomUUID } from 'node:crypto'
import type { AuditEvent, AuditSink, Party } from 'onbehalf'
import type { Actor, ActorProfileClaims, Confirmation } from './actor-profile-claims.ts'

/** What happens at the issuer and has to be told later. */
export type Operation =
  | 'registration'
  | 'attestation'
  | 'consent'
  | 'issuance'
  | 'token_exchange'
  | 'key_rotation'
  | 'revocation'
  | 'agent_revocation'
  | 'grant_revocation'

export interface Entry {
  readonly operation: Operation
  /** Why not; absent for what was done. */
  readonly reason?: string
  readonly status?: number
  readonly client?: string | undefined
  /** Of a person who consents or withdraws, or of an owner. */
  readonly person?: string | undefined
  readonly claims?: ActorProfileClaims
  readonly scopesAsked?: string
  readonly method?: string
  readonly path?: string
  readonly address?: string | undefined
}

export interface Journal {
  write(entry: Entry): Promise<void>
}

/**
 * The events of the issuer in the shape of those of its resource servers, so that one log and one report hold both.
 * What a token says counts as an authentication; the operation tells it apart from the requests of an API.
 */
export function createJournal(sink: AuditSink, issuer: string, clock: () => number): Journal {
  return {
    write: async (entry) => sink.write(eventOf(entry, issuer, clock())),
  }
}

function eventOf(entry: Entry, issuer: string, time: number): AuditEvent {
  const { operation, reason, claims, client = claims?.client_id ?? null, scopesAsked = '' } = entry
  const parties = claims === undefined ? partiesOfPerson(entry.person, issuer) : partiesOf(claims)
  const isRefused = reason !== undefined
  const id = randomUUID()
  return {
    version: 1,
    id,
    requestId: id,
    traceId: null,
    correlationId: null,
    time,
    durationMicros: 0,
    phase: claims === undefined ? 'access' : 'authentication',
    decision: isRefused ? 'refused' : 'admitted',
    code: isRefused ? 'access_denied' : null,
    status: isRefused ? (entry.status ?? 400) : null,
    request: {
      method: entry.method ?? 'POST',
      path: entry.path ?? '/',
      route: null,
      operation: `issuer ${operation}`,
      address: entry.address ?? null,
    },
    rule: null,
    wouldRefuse: [],
    issuer,
    issuerLabel: issuer,
    ...parties,
    client,
    scopesRequired: split(scopesAsked),
    scopesGranted: split(claims?.scope ?? ''),
    sender: senderOf(claims?.cnf),
    proof: { result: claims === undefined ? 'none' : 'valid', iatOffset: null, replayed: null },
    tokenId: claims?.jti ?? null,
    tokenLifetimeSeconds: claims === undefined ? null : claims.exp - claims.iat,
    relaxations: [],
    warnings: [],
    ...(isRefused && { facts: { reason } }),
  }
}

type Parties = Pick<AuditEvent, 'principal' | 'actor' | 'chain' | 'authority' | 'involvesAgent' | 'kinds'>

function partiesOf({ iss, sub, sub_profile, act }: ActorProfileClaims): Parties {
  const principal = partyOf({ iss, sub, sub_profile }, iss)
  const chain = actorsOf(act).map((actor) => partyOf(actor, iss))
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

function partiesOfPerson(person: string | undefined, issuer: string): Parties {
  const party = person === undefined ? null : partyOf({ iss: issuer, sub: person, sub_profile: 'user' }, issuer)
  return { principal: party, actor: party, chain: [], authority: null, involvesAgent: false, kinds: null }
}

function actorsOf(act: Actor | undefined): readonly Actor[] {
  return act === undefined ? [] : [act, ...actorsOf(act.act)]
}

const kinds = { user: 'human', ai_agent: 'agent', service: 'service' } as const

function partyOf({ iss, sub, sub_profile: profile }: Omit<Actor, 'act'>, assertedBy: string): Party {
  return { subject: sub, issuer: iss, assertedBy, kind: kinds[profile], kindSource: 'profile', profiles: [profile] }
}

function senderOf(key: Confirmation | undefined): AuditEvent['sender'] {
  if (key === undefined) return { method: null, thumbprint: null }
  return 'jkt' in key ? { method: 'dpop', thumbprint: key.jkt } : { method: 'mtls', thumbprint: key['x5t#S256'] }
}

function split(scopes: string): readonly string[] {
  return scopes.split(' ').filter((scope) => scope !== '')
}
