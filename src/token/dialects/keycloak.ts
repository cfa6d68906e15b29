import type { JwtPayload } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, issuerOf, memberOf, principalOf, textsOf, withIssuer } from './readers.ts'

/**
 * Keycloak. Every token names its class in the claim `typ`; every dialect refuses a value other than `Bearer` and `DPoP`.
 * Only the roles of the configured audiences are read: those of other clients and of the realm concern other resources.
 */
export const keycloakDialect: Dialect = {
  name: 'keycloak',
  types: ['JWT', 'at+jwt'],
  clientId: ['azp', 'client_id'],
  roles: (claims, audience) => [...new Set(audience.flatMap((name) => rolesOf(claims, name)))],
  parties(claims, read) {
    const { chain, warnings } = withIssuer(actorsOf(claims, read), issuerOf(claims))
    return {
      principal: principalOf(claims, read),
      chain,
      ownToken: isServiceAccount(claims),
      // The nested act comes from the actor's token: earlier actors of the subject's token are lost.
      complete: chain !== undefined && chain.length > 1 ? false : undefined,
      warnings,
    }
  },
}

function rolesOf(claims: JwtPayload, client: string): readonly string[] {
  return textsOf(memberOf(memberOf(claims['resource_access'], client), 'roles'))
}

/** A person might register such a user name, but a person's token belongs to a session: `sid` tells the two apart. */
function isServiceAccount({ azp, preferred_username: name, sid }: JwtPayload): boolean {
  if (typeof azp !== 'string' || typeof name !== 'string' || sid !== undefined) return false
  return name.toLowerCase() === `service-account-${azp}`.toLowerCase()
}
