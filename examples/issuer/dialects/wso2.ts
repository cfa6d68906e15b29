import type { EntityProfile } from '../actor-profile-claims.ts'
import { actorsOf, dpopBinding, nestActors, type Writer } from './written-token.ts'

/**
 * WSO2 Identity Server and Asgardeo: the actors stand in the token, and `aut` tells what the subject is, but nothing what
 * they are. The audience is the client.
 */
export const writeWso2: Writer = (claims) => {
  const { iss, sub, client_id, scope, iat, exp, jti } = claims
  return {
    typ: undefined,
    claims: {
      sub,
      aut: classes[claims.sub_profile],
      iss,
      client_id,
      aud: client_id,
      nbf: iat,
      act: nestActors(actorsOf(claims), (actor) => ({ sub: actor.sub })),
      azp: client_id,
      ...rootOrganization,
      scope,
      exp,
      iat,
      jti,
      cnf: dpopBinding(claims),
    },
  }
}

const classes: Readonly<Record<EntityProfile, string>> = {
  user: 'APPLICATION_USER',
  ai_agent: 'AGENT',
  service: 'APPLICATION',
}

/** Of a new installation. */
const rootOrganization = {
  org_id: '10084a8d-113f-4211-a0d5-efe36b082211',
  org_name: 'Super',
  org_handle: 'carbon.super',
}
