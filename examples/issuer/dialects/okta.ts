import type { ActorProfileClaims } from '../actor-profile-claims.ts'
import { actorsOf, dpopBinding, isOwnToken, nestActors, scopesOf, type Writer } from './written-token.ts'

/**
 * Okta, a custom authorization server. An exchanged token names the actors, but neither its client nor itself. The other
 * tokens have a shape of their own, in which nothing tells an agent from another client.
 */
export const writeOkta: Writer = (claims) => ({
  typ: undefined,
  claims: claims.act === undefined ? directClaims(claims) : exchangedClaims(claims),
})

function directClaims(claims: ActorProfileClaims): Record<string, unknown> {
  const { sub, client_id, auth_time, jti } = claims
  return {
    ver: 1,
    jti: `AT.${jti}`,
    ...commonClaims(claims),
    cid: client_id,
    // The id of a person in the directory; `sub` is then the login name.
    ...(!isOwnToken(claims) && { uid: sub, auth_time }),
    scp: scopesOf(claims),
    sub,
  }
}

function exchangedClaims(claims: ActorProfileClaims): Record<string, unknown> {
  const { iss, sub, sub_profile, scope } = claims
  // The service that started the flow stands in `sub` and as the innermost actor.
  const initiator = sub_profile === 'user' ? [] : [{ iss, sub, sub_profile }]
  const act = nestActors([...actorsOf(claims), ...initiator], (actor) => ({
    sub: actor.sub,
    sub_profile: actor.sub_profile,
  }))
  return { ...commonClaims(claims), sub, sub_profile, scope, act }
}

/** The audience is a setting of the authorization server, by convention `api://` and a name. */
function commonClaims(claims: ActorProfileClaims): Record<string, unknown> {
  const { iss, aud, iat, exp } = claims
  return { iss, aud: `api://${aud.replace(/^https?:\/\//, '')}`, iat, exp, cnf: dpopBinding(claims) }
}
