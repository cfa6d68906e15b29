import type { EntityClaims, JwtPayload } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { rfc9068Parties } from './rfc9068.ts'

/** draft-mcguinness-oauth-actor-profile: RFC 9068 whose every actor states its namespace. */
export const actorProfileDialect: Dialect = {
  name: 'actor-profile',
  parties(claims, read) {
    const parties = rfc9068Parties(claims, read)
    if (parties.chain?.some(({ issuer }) => issuer === null)) read.malformed('act.iss')
    return parties
  },
  entity(claims, which) {
    return which === 'actor' ? readInstance(claims) : undefined
  },
}

/** The instance and the model that draft-mcguinness-oauth-ai-agent-instance writes beside an actor. */
function readInstance({ act }: JwtPayload): EntityClaims | undefined {
  if (typeof act !== 'object' || act === null) return undefined
  const { sub, sub_profile: profile, agent_model: model, agent_platform: platform } = act as Record<string, unknown>
  const isInstance = typeof profile === 'string' && profile.toLowerCase().split(' ').includes('client_instance')
  return {
    ...(isInstance && { instance: sub as string }),
    ...readModel(model),
    ...(typeof platform === 'string' && { platform }),
  }
}

function readModel(model: unknown): Pick<EntityClaims, 'model'> {
  if (typeof model !== 'object' || model === null) return {}
  const { id, version } = model as { id?: unknown; version?: unknown }
  if (typeof id !== 'string') return {}
  return { model: typeof version === 'string' ? `${id} ${version}` : id }
}
