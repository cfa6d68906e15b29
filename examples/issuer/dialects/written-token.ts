import type { Actor, ActorProfileClaims, Confirmation } from '../actor-profile-claims.ts'

/** An access token before it is signed. */
export interface WrittenToken {
  /** Of the header; undefined: the header has none. */
  readonly typ: string | undefined
  /** A member that is undefined is not written. */
  readonly claims: Record<string, unknown>
}

export type Writer = (claims: ActorProfileClaims) => WrittenToken

/** The product issues no token that says this, and the closest one would say more. */
export class NotIssuedError extends Error {
  override readonly name = 'NotIssuedError'
}

/** A token that the client got for itself, without a person. */
export function isOwnToken({ act, sub_profile: profile }: ActorProfileClaims): boolean {
  return act === undefined && profile !== 'user'
}

/** The current actor first. */
export function actorsOf({ act }: Pick<ActorProfileClaims, 'act'>): readonly Actor[] {
  return act === undefined ? [] : [act, ...actorsOf(act)]
}

/** RFC 8693 §4.1: the nested `act` with these members of each actor. */
export function nestActors(
  actors: readonly Actor[],
  members: (actor: Actor) => Record<string, unknown>,
): Record<string, unknown> | undefined {
  const [current, ...earlier] = actors
  if (current === undefined) return undefined
  const inner = nestActors(earlier, members)
  return { ...members(current), ...(inner !== undefined && { act: inner }) }
}

export function scopesOf({ scope }: ActorProfileClaims): readonly string[] {
  return scope === '' ? [] : scope.split(' ')
}

/** For products that bind tokens with DPoP alone: a certificate then binds nothing. */
export function dpopBinding({ cnf }: ActorProfileClaims): Confirmation | undefined {
  return 'jkt' in cnf ? cnf : undefined
}
