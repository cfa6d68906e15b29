import { errors } from 'oidc-provider'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { type DialectName, writeAs } from './dialects/index.ts'
import { NotIssuedError, type WrittenToken } from './dialects/written-token.ts'

/** A product that has no such token refuses the request for it. */
export function writeOrRefuse(dialect: DialectName, claims: ActorProfileClaims): WrittenToken {
  try {
    return writeAs(dialect, claims)
  } catch (error) {
    if (error instanceof NotIssuedError) throw new errors.InvalidRequest(error.message)
    throw error
  }
}
