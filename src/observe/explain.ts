import { Denial } from '../refusal/denial.ts'
import type { PreparedToken } from '../token/prepared-token.ts'
import type { Explanation, NamedParties } from '../types/observation.ts'
import type { Examination } from './examine.ts'

/** An examination as the operator reads it: texts, and no context. */
export function explanationOf({ reasons, signature, token }: Examination): Explanation {
  const parties = namedParties(token)
  return Object.freeze({
    reasons: Object.freeze(reasons.map(({ code, facts }) => Object.freeze({ code, facts }))),
    signature,
    ...(parties !== undefined && { parties }),
  })
}

export function namedParties(token: PreparedToken | undefined): NamedParties | undefined {
  if (token === undefined || token.parties instanceof Denial) return undefined
  const { principal, actor, authority, named } = token.parties
  const chain = Object.freeze(named.map(({ subject }) => subject))
  return Object.freeze({ principal: principal.subject, actor: actor.subject, authority, chain })
}
