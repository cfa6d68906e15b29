import { randomUUID } from 'node:crypto'
import type { AuditEvent, AuditSink } from 'onbehalf'
import type { ActorProfileClaims, Confirmation } from './actor-profile-claims.ts'
import { type OwnerOf, partiesOf, partiesOfPerson } from './journal-parties.ts'

/** What happens at the issuer and has to be told later. */
export type Operation =
  | 'registration'
  | 'registration_update'
  | 'registration_end'
  | 'attestation'
  | 'consent'
  | 'denial'
  | 'issuance'
  | 'token_exchange'
  | 'authorization'
  | 'introspection'
  | 'key_generation'
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
 * A token that is issued, and everything that is refused, count as one request of the report; the operation tells them
 * apart from those of an API. The rest is in the log and counts as nothing.
 */
export function createJournal(sink: AuditSink, settings: JournalSettings): Journal {
  return {
    write: async (entry) => sink.write(eventOf(entry, settings)),
  }
}

export interface JournalSettings {
  readonly issuer: string
  readonly clock: () => number
  /** Who answers for an agent. */
  readonly ownerOf: OwnerOf
}

function eventOf(entry: Entry, { issuer, clock, ownerOf }: JournalSettings): AuditEvent {
  const { operation, reason, claims, client = claims?.client_id ?? null, scopesAsked = '' } = entry
  const parties = claims === undefined ? partiesOfPerson(entry.person, issuer) : partiesOf(claims, ownerOf)
  const isRefused = reason !== undefined
  const id = randomUUID()
  return {
    version: 1,
    id,
    requestId: id,
    traceId: null,
    correlationId: null,
    time: clock(),
    durationMicros: 0,
    phase: claims === undefined && !isRefused ? 'access' : 'authentication',
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

function senderOf(key: Confirmation | undefined): AuditEvent['sender'] {
  if (key === undefined) return { method: null, thumbprint: null }
  return 'jkt' in key ? { method: 'dpop', thumbprint: key.jkt } : { method: 'mtls', thumbprint: key['x5t#S256'] }
}

function split(scopes: string): readonly string[] {
  return scopes.split(' ').filter((scope) => scope !== '')
}
