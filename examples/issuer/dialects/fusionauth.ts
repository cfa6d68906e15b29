import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { uuidFor } from './made-up-ids.ts'
import { dpopBinding, isOwnToken, scopesOf, type Writer } from './written-token.ts'

/**
 * FusionAuth has no delegation: an agent that acts for a person is an application and has the person's token, whose audience
 * is the application itself. An agent of its own is an entity, with permissions at the entity that stands for the API.
 */
export const writeFusionauth: Writer = (claims) => ({
  typ: 'JWT',
  claims: {
    ...(isOwnToken(claims) ? entityClaims(claims) : personClaims(claims)),
    exp: claims.exp,
    iat: claims.iat,
    iss: claims.iss,
    jti: claims.jti,
    cnf: dpopBinding(claims),
    tid: uuidFor(claims.iss),
  },
})

function entityClaims(claims: ActorProfileClaims): Record<string, unknown> {
  const api = uuidFor(claims.aud)
  return { aud: api, sub: claims.sub, permissions: { [api]: scopesOf(claims) } }
}

function personClaims({ sub, client_id, scope, auth_time }: ActorProfileClaims): Record<string, unknown> {
  return { aud: client_id, sub, applicationId: client_id, scope, roles: [], auth_time }
}
