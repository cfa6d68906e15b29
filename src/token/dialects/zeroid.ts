import type { EntityClaims, EntityKind, JwtPayload } from '../../types/context.ts'
import type { Dialect, DialectPrincipal } from '../../types/dialect.ts'
import { firstMissing, invertedParty, issuerOf, subjectOf, textClaim, textIn, textsOf } from './readers.ts'

/**
 * ZeroID. `sub` is the acting identity and `act` the party that delegated to it, one level only. The other claims describe
 * `sub`. A token without `identity_type` is of another make, and its `act` might have the meaning of RFC 8693.
 */
export const zeroidDialect: Dialect = {
  name: 'zeroid',
  types: ['JWT', 'at+jwt'],
  optionalClaims: ['client_id'],
  scopes: ['scopes'],
  refuse: (_header, claims) => firstMissing(claims, ['identity_type']),
  parties(claims, read) {
    // Opaque tokens come here without `refuse`.
    if (claims['identity_type'] === undefined) throw new Error('identity_type is missing')
    const self: DialectPrincipal = { subject: subjectOf(claims), kind: kinds.get(claims['identity_type']) ?? 'unknown' }
    const depth = depthOf(claims)
    const inverted = invertedParty(claims, read, self)
    if (inverted === undefined) {
      if (depth > 0) throw new Error('delegation_depth is there without act')
      return { principal: self }
    }
    return {
      ...inverted,
      chain: [{ ...self, issuer: issuerOf(claims) }],
      // Only the last of several delegators is named.
      complete: depth > 1 ? false : undefined,
      grantId: textClaim(claims, 'mission_id'),
    }
  },
  entity: (claims, which) => (which === 'actor' || claims['act'] === undefined ? describeIdentity(claims) : undefined),
}

const kinds = new Map<unknown, EntityKind>([
  ['agent', 'agent'],
  ['service', 'service'],
])

function depthOf({ delegation_depth: depth = 0 }: JwtPayload): number {
  if (typeof depth !== 'number' || !Number.isSafeInteger(depth) || depth < 0) {
    throw new Error('delegation_depth is not a count')
  }
  return depth
}

/** `publisher` is not read: it does not answer for the agent. */
function describeIdentity(claims: JwtPayload): EntityClaims {
  const owner = textIn(claims, 'owner_user_id')
  const platform = textIn(claims, 'framework')
  const capabilities = textsOf(claims['capabilities'])
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(platform === undefined ? {} : { platform }),
    ...(capabilities.length === 0 ? {} : { capabilities }),
  }
}
