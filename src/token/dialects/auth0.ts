import type { JwtPayload } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, firstPresent, issuerOf, principalOf, withIssuer } from './readers.ts'

/**
 * Auth0: its default profile (typ `JWT`, `azp`, no `jti`) and its RFC 9068 profile, with the claims of "Agents as Principal".
 * An ID token has the session id `sid`, a claim that tenants cannot put into access tokens, and no client claim.
 */
export const auth0Dialect: Dialect = {
  name: 'auth0',
  types: ['JWT', 'at+jwt'],
  optionalClaims: ['jti'],
  clientId: ['client_id', 'azp'],
  refuse: (_header, claims) => firstPresent(claims, ['sid']),
  parties(claims, read) {
    const { chain, warnings } = withIssuer(actorsOf(claims, read), issuerOf(claims))
    const isMachine = isMachineToken(claims)
    return {
      principal: principalOf(claims, read, isMachine ? 'service' : 'unknown'),
      chain,
      ownToken: isMachine,
      warnings,
    }
  },
}

/** The grant type alone says nothing about the subject; the suffix alone could be a name. */
function isMachineToken(claims: JwtPayload): boolean {
  const client = claims['client_id'] ?? claims['azp']
  return typeof client === 'string' && claims.sub === `${client}@clients`
}
