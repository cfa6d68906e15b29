import type { AuditEvent, EntityKind, Party, RefusalCode } from 'onbehalf'

/** Made-up audit events, the same at every run. */

export const issuer = 'https://login.example.com'
export const startOfDay: number = Date.UTC(2026, 10, 25)
export const dayMs = 86_400_000

/** Numbers from 0 to 1 that look random (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function party(subject: string, kind: EntityKind, more: Partial<Party> = {}): Party {
  return { subject, issuer, assertedBy: issuer, kind, kindSource: 'profile', profiles: [], ...more }
}

export function agent(subject: string, owner?: string): Party {
  return party(subject, 'agent', owner === undefined ? {} : { entity: { owner } })
}

let events = 0

/** An admitted request of a human under a bound token, but for what is given. */
export function eventOf(given: Partial<AuditEvent> = {}): AuditEvent {
  const principal = given.principal === undefined ? party('alice', 'human') : given.principal
  const actor = given.actor === undefined ? principal : given.actor
  events += 1
  const requestId = given.requestId ?? `request-${events}`
  return {
    version: 1,
    id: `${requestId}-1`,
    requestId,
    traceId: null,
    correlationId: null,
    time: startOfDay,
    durationMicros: 80,
    phase: 'authentication',
    decision: given.code === undefined || given.code === null ? 'admitted' : 'refused',
    code: null,
    status: null,
    request: { method: 'GET', path: '/tools', route: null, operation: null, address: '192.0.2.1' },
    rule: null,
    wouldRefuse: [],
    issuer: principal === null ? null : issuer,
    issuerLabel: principal === null ? '' : issuer,
    principal,
    actor,
    chain: principal === null || actor === null || actor === principal ? [] : [actor],
    authority: principal === null ? null : actor === principal ? 'independent' : 'delegated',
    involvesAgent: principal?.kind === 'agent' || actor?.kind === 'agent',
    client: principal === null ? null : 'client-1',
    kinds: principal === null || actor === null ? null : [principal.kind, actor.kind],
    scopesRequired: [],
    scopesGranted: [],
    sender: { method: principal === null ? null : 'dpop', thumbprint: principal === null ? null : 'key-1' },
    proof:
      principal === null
        ? { result: 'none', iatOffset: null, replayed: null }
        : { result: 'valid', iatOffset: 0, replayed: false },
    tokenId: 'token-1',
    tokenLifetimeSeconds: principal === null ? null : 300,
    relaxations: [],
    warnings: [],
    ...given,
  }
}

/** A request whose token did not hold. */
export function anonymous(code: RefusalCode, given: Partial<AuditEvent> = {}): AuditEvent {
  return eventOf({ principal: null, actor: null, code, status: 401, ...given })
}

export function accessOf(of: AuditEvent, given: Partial<AuditEvent> = {}): AuditEvent {
  const code = given.code ?? null
  return { ...of, id: `${of.requestId}-2`, phase: 'access', decision: code === null ? 'admitted' : 'refused', ...given }
}

export const unbound: Partial<AuditEvent> = {
  sender: { method: 'none', thumbprint: null },
  proof: { result: 'none', iatOffset: null, replayed: null },
}

export function failedProof(code: RefusalCode): Partial<AuditEvent> {
  const isReplay = code === 'proof_replayed'
  return {
    code,
    status: 401,
    sender: { method: 'dpop', thumbprint: null },
    proof: { result: isReplay ? 'replayed' : 'refused', iatOffset: 0, replayed: isReplay ? true : null },
  }
}
