import { dpopBinding, isOwnToken, type Writer } from './written-token.ts'

/**
 * Keycloak with its experimental delegation: `act` comes from the permission in `may_act`, and names the current actor
 * alone. Nothing tells an agent from another client. The audience needs a mapper.
 */
export const writeKeycloak: Writer = (claims) => {
  const { iss, sub, client_id, aud, scope, may_act, auth_time, acr, cnf, iat, exp, jti } = claims
  return {
    typ: 'JWT',
    claims: {
      exp,
      iat,
      auth_time,
      jti,
      iss,
      aud,
      sub,
      typ: dpopBinding(claims) === undefined ? 'Bearer' : 'DPoP',
      azp: client_id,
      acr,
      cnf,
      scope,
      ...(isOwnToken(claims) && { preferred_username: `service-account-${client_id.toLowerCase()}` }),
      act: delegate(claims.act),
      may_act: delegate(may_act),
    },
  }
}

/** `sub` is the user id of the agent's service account. */
function delegate(party: { readonly sub: string } | undefined): Record<string, unknown> | undefined {
  return party && { sub: party.sub, client_id: party.sub }
}
