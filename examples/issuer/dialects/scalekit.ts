import { digitsFor } from './made-up-ids.ts'
import { isOwnToken, scopesOf, type Writer } from './written-token.ts'

/**
 * Scalekit has no delegation: an agent that acts for a person has the person's token, whose client and audience it is. An
 * API client's own token has no audience. Neither is bound to a key.
 */
export const writeScalekit: Writer = (claims) => {
  const { iss, sub, client_id, scope, iat, exp, jti } = claims
  const common = { exp, iat, iss, jti, nbf: iat, oid: `org_${digitsFor(iss)}` }
  if (!isOwnToken(claims)) return { typ: undefined, claims: { ...common, aud: [client_id], sub, client_id, scope } }
  const client = `m2morg_${client_id}`
  return { typ: undefined, claims: { ...common, client_id: client, scopes: scopesOf(claims), sub: client } }
}
