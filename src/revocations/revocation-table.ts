import type { Party } from '../types/context.ts'
import type { RevocationQuery } from '../types/revocation.ts'

/** `subject`: a party by its subject alone. `clientParty`: a party whose subject is its client id, as `partyKey` has it. */
export type Kind = 'token' | 'subject' | 'party' | 'clientParty' | 'client' | 'session' | 'owner' | 'jkt' | 'x5t'

/** One thing that can be revoked. */
export interface Target {
  readonly kind: Kind
  readonly issuer: string
  /** The namespace of a party's subject. Empty for what is no party, and for a subject without a namespace. */
  readonly namespace: string
  readonly name: string
}

/**
 * When the revoked tokens of each target were issued: before this time, in seconds. Names are looked up one by one and
 * never joined to a key, so that no name can be mistaken for another.
 */
export interface RevocationTable {
  readonly size: number
  has(target: Target): boolean
  /** The later of two times stands. */
  set(target: Target, issuedBefore: number): void
  delete(target: Target): boolean
  /** Whether any target that the query names is revoked. */
  covers(query: RevocationQuery): boolean
}

/** By issuer, by namespace, by name. */
type Marks = Map<string, Map<string, Map<string, number>>>

export function createRevocationTable(): RevocationTable {
  const tables: Readonly<Record<Kind, Marks>> = {
    token: new Map(),
    subject: new Map(),
    party: new Map(),
    clientParty: new Map(),
    client: new Map(),
    session: new Map(),
    owner: new Map(),
    jkt: new Map(),
    x5t: new Map(),
  }
  let size = 0

  function find({ kind, issuer, namespace, name }: Target): number | undefined {
    return tables[kind].get(issuer)?.get(namespace)?.get(name)
  }

  return {
    get size() {
      return size
    },
    has: (target) => find(target) !== undefined,
    set(target, issuedBefore) {
      const held = find(target)
      if (held === undefined) size++
      const { kind, issuer, namespace, name } = target
      const spaces = tables[kind].get(issuer) ?? new Map<string, Map<string, number>>()
      const times = spaces.get(namespace) ?? new Map<string, number>()
      tables[kind].set(issuer, spaces.set(namespace, times))
      times.set(held === undefined ? ownCopy(name) : name, Math.max(held ?? 0, issuedBefore))
    },
    delete({ kind, issuer, namespace, name }) {
      const spaces = tables[kind].get(issuer)
      const times = spaces?.get(namespace)
      if (spaces === undefined || times === undefined || !times.delete(name)) return false
      size--
      if (times.size === 0) spaces.delete(namespace)
      if (spaces.size === 0) tables[kind].delete(issuer)
      return true
    },
    covers: (query) => size > 0 && isCovered(tables, query),
  }
}

function isCovered(tables: Readonly<Record<Kind, Marks>>, query: RevocationQuery): boolean {
  const { issuer, issuedAt, sender } = query
  if (isBefore(tables.token, issuer, query.tokenId, issuedAt)) return true
  if (isBefore(tables.client, issuer, query.clientId, issuedAt)) return true
  if (isBefore(tables.session, issuer, query.sessionId, issuedAt)) return true
  if (isBefore(tables.owner, issuer, query.owner, issuedAt)) return true
  if (isBefore(tables.jkt, issuer, sender.jkt, issuedAt)) return true
  if (isBefore(tables.x5t, issuer, sender.x5t, issuedAt)) return true
  for (const party of query.parties) if (isPartyCovered(tables, party, issuer, issuedAt)) return true
  return false
}

function isPartyCovered(
  tables: Readonly<Record<Kind, Marks>>,
  { subject, issuer: namespace, assertedBy, clientId, entity }: Party,
  issuer: string,
  issuedAt: number,
): boolean {
  const isAtHome = namespace === null || namespace === assertedBy
  if (isAtHome && isBefore(tables.subject, assertedBy, subject, issuedAt)) return true
  const identities = clientId === subject ? tables.clientParty : tables.party
  if (isBefore(identities, assertedBy, subject, issuedAt, namespace ?? '')) return true
  const owner = entity?.owner
  if (owner === undefined || typeof owner === 'string') return isBefore(tables.owner, issuer, owner, issuedAt)
  for (const one of owner) if (isBefore(tables.owner, issuer, one, issuedAt)) return true
  return false
}

function isBefore(marks: Marks, issuer: string, name: string | undefined, issuedAt: number, namespace = ''): boolean {
  if (name === undefined || marks.size === 0) return false
  const issuedBefore = marks.get(issuer)?.get(namespace)?.get(name)
  // Negated, so that a time that is no number revokes.
  return issuedBefore !== undefined && !(issuedAt >= issuedBefore)
}

/** A name cut out of a token would keep the whole token in memory. */
function ownCopy(name: string): string {
  return Buffer.from(name, 'utf16le').toString('utf16le')
}
