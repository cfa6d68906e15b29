import { isPartyName } from '../../internal/party-name.ts'
import { isExactNumber } from '../../jose/exact-number.ts'
import type { JwtPayload } from '../../types/context.ts'
import type { Dialect, DialectParties, DialectReaders } from '../../types/dialect.ts'
import { ClaimFault } from '../faults.ts'
import { actorsOf } from './readers.ts'

/** RFC 9068 with the `act` of RFC 8693 §4.1: what every absent member of a dialect means. */
export const rfc9068Dialect: Dialect = { name: 'rfc9068', parties: rfc9068Parties }

/** `sub` is the principal. Members of an unknown shape are overlooked, those that are read must have their types. */
export function rfc9068Parties(claims: JwtPayload, read: DialectReaders): DialectParties {
  return {
    principal: { subject: String(claims.sub), profiles: read.profiles(claims['sub_profile']) },
    chain: actorsOf(claims, read),
    complete: readComplete(claims['chain_complete']),
    ...readMission(claims['mission']),
  }
}

/** `chain_complete` of the actor profile (draft-mcguinness-oauth-actor-profile). */
function readComplete(value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw new ClaimFault('chain_complete')
}

/** `mission.id` and `mission.expires_at`, in seconds. */
function readMission(mission: unknown): Pick<DialectParties, 'grantId' | 'expiresAt'> {
  if (typeof mission !== 'object' || mission === null || Array.isArray(mission)) return {}
  const { id, expires_at: expiresAt } = mission as { id?: unknown; expires_at?: unknown }
  if (id !== undefined && !isPartyName(id)) throw new ClaimFault('mission.id')
  if (expiresAt !== undefined && !isExactNumber(expiresAt)) throw new ClaimFault('mission.expires_at')
  return { grantId: id, expiresAt }
}
