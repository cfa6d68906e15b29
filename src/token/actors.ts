import { isPartyName } from '../internal/party-name.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { WarningCode } from '../types/context.ts'
import type { DialectActor } from '../types/dialect.ts'
import { ActorFault } from './faults.ts'
import { readProfiles } from './profiles.ts'

/**
 * The nested `act` (RFC 8693 §4.1), current actor first. Strict at every level; iterative, because the depth is the caller's
 * choice. `clientId`: the client of the token, which an outermost actor without `sub` must be.
 */
export function readActors(
  act: unknown,
  issuer: Pick<IssuerPolicy, 'actorClaims' | 'path'>,
  clientId: string | undefined,
  warnings: Set<WarningCode>,
): readonly DialectActor[] {
  const chain: DialectActor[] = []
  for (let level = act; level !== undefined; level = level['act']) {
    if (!isJsonObject(level)) throw new ActorFault('act')
    const actor = readActor(level, issuer, warnings)
    // The current actor is then the client that got the token.
    if (actor.namedBy === 'client_id' && level === act && actor.subject !== clientId) {
      throw new ActorFault('act.client_id')
    }
    chain.push(actor)
  }
  return chain
}

/** Members other than these have no meaning here, `cnf`, `exp` and `aud` included (RFC 8693 §4.1). */
function readActor(
  act: JsonObject,
  issuer: Pick<IssuerPolicy, 'actorClaims' | 'path'>,
  warnings: Set<WarningCode>,
): DialectActor {
  const { sub, iss, client_id: clientId } = act
  if (iss !== undefined && !isPartyName(iss)) throw new ActorFault('act.iss')
  if (clientId !== undefined && !isPartyName(clientId)) throw new ActorFault('act.client_id')
  const isNamedByClient = !Object.hasOwn(act, 'sub') && clientId !== undefined
  if (isNamedByClient && issuer.actorClaims === 'sub') throw new ActorFault('act.sub', `${issuer.path}.actorClaims`)
  const subject = isNamedByClient ? clientId : sub
  if (!isPartyName(subject)) throw new ActorFault('act.sub')
  const { kind, profiles } = readProfiles(act['sub_profile'], warnings)
  return {
    subject,
    issuer: iss ?? null,
    kind,
    profiles,
    ...(clientId === undefined ? {} : { clientId }),
    ...(isNamedByClient ? { namedBy: 'client_id' as const } : {}),
  }
}
