import type { EntityKind, JwtPayload, WarningCode } from '../../types/context.ts'
import type { DialectActor, DialectPrincipal, DialectReaders } from '../../types/dialect.ts'

/** Shared by several dialects. A thrown error refuses the token; operators see its message, so it must not hold a claim's value. */

export function textClaim(claims: JwtPayload, name: string): string | undefined {
  const value = claims[name]
  if (value !== undefined && (typeof value !== 'string' || value === '')) throw new Error(`${name} is not a text`)
  return value
}

export function subjectOf(claims: JwtPayload): string {
  return requiredText(claims, 'sub')
}

export function issuerOf(claims: JwtPayload): string {
  return requiredText(claims, 'iss')
}

function requiredText(claims: JwtPayload, name: string): string {
  const value = textClaim(claims, name)
  if (value === undefined) throw new Error(`${name} is missing`)
  return value
}

/** The subject of the token, of the kind that its `sub_profile` names; without one, of the kind that the product tells. */
export function principalOf(claims: JwtPayload, read: DialectReaders, kind: EntityKind = 'unknown'): DialectPrincipal {
  const profile = claims['sub_profile']
  if (profile === undefined) return { subject: subjectOf(claims), kind }
  return { subject: subjectOf(claims), kind: read.kind(profile), profiles: read.profiles(profile) }
}

/**
 * The chain of RFC 8693 §4.1. WorkOS agent registrations and ZeroID give `act` the inverse meaning: read as an actor, the
 * user would act for the agent. Where a claim shows such a token, another dialect refuses it (`delegation_malformed`).
 */
export function actorsOf(claims: JwtPayload, read: DialectReaders): readonly DialectActor[] {
  const actors = read.actors(claims)
  const isInverted = isAgentRegistration(claims) || claims['identity_type'] !== undefined
  return isInverted && actors.length > 0 ? read.malformed('act') : actors
}

interface Namespaced {
  chain: readonly DialectActor[] | undefined
  warnings: readonly WarningCode[]
}

/** For issuers whose actors live in their own namespace: an `act` without `iss` gets the token's issuer. */
export function withIssuer(actors: readonly DialectActor[], issuer: string): Namespaced {
  if (actors.length === 0) return { chain: undefined, warnings: [] }
  const isStated = (actor: DialectActor) => typeof actor.issuer === 'string'
  return {
    chain: actors.map((actor) => (isStated(actor) ? actor : { ...actor, issuer })),
    warnings: actors.every(isStated) ? [] : ['act_iss_assumed'],
  }
}

/**
 * The principal, for issuers that put the acting party (`self`) into `sub` and the party it acts for into `act`, the inverse
 * of RFC 8693 §4.1. A nested `act` and an `act` of another issuer refuse the token; undefined where there is no `act`.
 */
export function invertedParty(
  claims: JwtPayload,
  read: DialectReaders,
  self: DialectPrincipal,
): { principal: DialectPrincipal; warnings: readonly WarningCode[] } | undefined {
  const [first, second] = read.actors(claims)
  if (first === undefined) return undefined
  if (second !== undefined) throw new Error('act is nested, which this dialect gives no meaning')
  if (textIn(claims['act'], 'sub') === undefined) throw new Error('act.sub is missing')
  const { subject, kind, profiles, issuer } = first
  const isAssumed = typeof issuer !== 'string'
  if (!isAssumed && issuer !== issuerOf(claims)) throw new Error('act.iss is another issuer')
  return {
    principal: subject === self.subject ? self : { subject, kind, profiles },
    warnings: isAssumed ? ['inverted_act', 'act_iss_assumed'] : ['inverted_act'],
  }
}

/** Reads own members only, because callers may choose the names. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

export function textIn(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name)
  return typeof member === 'string' && member !== '' ? member : undefined
}

/** The list, or none at all if one of its items is not a text. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : []
}

/** The first of these names that the claims hold, for `Dialect.refuse`. */
export function firstPresent(claims: JwtPayload, names: readonly string[]): string | undefined {
  return names.find((name) => claims[name] !== undefined)
}

/** The first of these names that the claims lack, for `Dialect.refuse`. */
export function firstMissing(claims: JwtPayload, names: readonly string[]): string | undefined {
  return names.find((name) => claims[name] === undefined)
}

/** WorkOS agent registrations. The prefix alone never makes an agent: it only tells the two dialects of WorkOS apart. */
export function isAgentRegistration({ sub }: JwtPayload): boolean {
  return typeof sub === 'string' && sub.startsWith('agent_reg_')
}
