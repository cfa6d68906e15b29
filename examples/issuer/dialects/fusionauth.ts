import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { uuidFor } from './made-up-ids.ts'
import { actorsOf, dpopBinding, isOwnToken, nestActors, scopesOf, type Writer } from './written-token.ts'

/**
 * FusionAuth 1.70. Agents are entities, and so is the API: an agent's own token has permissions at the API in place of
 * scopes, and an exchanged one names the actors. Neither names a client. A token of a person that was not exchanged names
 * its application, also as the audience.
 */
export const writeFusionauth: Writer = (claims) => ({
  typ: 'JWT',
  claims: {
    ...bodyOf(claims),
    exp: claims.exp,
    iat: claims.iat,
    iss: claims.iss,
    jti: claims.jti,
    cnf: dpopBinding(claims),
    tid: uuidFor(claims.iss),
  },
})

function bodyOf(claims: ActorProfileClaims): Record<string, unknown> {
  const { sub, client_id, scope, act, auth_time } = claims
  const api = uuidFor(claims.aud)
  if (isOwnToken(claims)) return { aud: api, sub, permissions: { [api]: scopesOf(claims) } }
  if (act === undefined) return { aud: client_id, sub, applicationId: client_id, scope, roles: [], auth_time }
  // Here the product puts what the entity is called, not one of the registered profiles.
  const actors = nestActors(actorsOf(claims), (actor) => ({ sub: actor.sub, sub_profile: 'AI Agent' }))
  return { aud: api, sub, scope, act: actors }
}
