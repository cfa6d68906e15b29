import { digitsFor } from './made-up-ids.ts'
import { actorsOf, nestActors, type Writer } from './written-token.ts'

/** ZITADEL: the actors stand in the token, but neither client nor scopes, which only introspection tells; no key either. */
export const writeZitadel: Writer = (claims) => {
  const { iss, sub, aud, iat, exp, jti } = claims
  const act = nestActors(actorsOf(claims), (actor) => ({ iss: actor.iss, sub: actor.sub }))
  // The audience is the project that the API belongs to.
  return { typ: 'JWT', claims: { iss, sub, aud: [digitsFor(aud)], exp, iat, nbf: iat, jti, act } }
}
