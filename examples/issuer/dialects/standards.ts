import { actorsOf, nestActors, type Writer } from './written-token.ts'

/** The claims as this issuer has them. */
export const writeActorProfile: Writer = (claims) => ({ typ: 'at+jwt', claims: { ...claims } })

/** RFC 9068 §2.2 and RFC 9396 §9.1 with the `act` of RFC 8693 §4.1: neither knows profiles, and `act` need not say its namespace. */
export const writeRfc9068: Writer = (claims) => {
  const { iss, sub, client_id, aud, scope, authorization_details, may_act, auth_time, acr, amr, cnf, iat, exp, jti } =
    claims
  const act = nestActors(actorsOf(claims), (actor) => ({
    ...(actor.iss !== iss && { iss: actor.iss }),
    sub: actor.sub,
  }))
  return {
    typ: 'at+jwt',
    claims: {
      iss,
      sub,
      client_id,
      aud,
      scope,
      authorization_details,
      act,
      may_act,
      auth_time,
      acr,
      amr,
      cnf,
      iat,
      exp,
      jti,
    },
  }
}
