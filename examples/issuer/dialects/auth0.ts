import { actorsOf, nestActors, type Writer } from './written-token.ts'

/**
 * Auth0 with "Agents as Principal", in its default token profile: it says who acts and of which profile, without the
 * namespace of an actor and without an id of the token.
 */
export const writeAuth0: Writer = (claims) => {
  const { iss, sub, sub_profile, client_id, client_profile, aud, scope, cnf, iat, exp } = claims
  const act = nestActors(actorsOf(claims), (actor) => ({
    ...(actor.iss !== iss && { iss: actor.iss }),
    sub: actor.sub,
    sub_profile: actor.sub_profile,
    client_id: actor.sub,
  }))
  return { typ: 'JWT', claims: { iss, sub, sub_profile, client_id, client_profile, aud, scope, cnf, iat, exp, act } }
}
