import type { Dialect } from '../../types/dialect.ts'
import { firstMissing, firstPresent } from './readers.ts'

/**
 * ZITADEL. ID tokens share `typ` and `aud` with access tokens in JWT form, but say how and when the user authenticated, and
 * have no `jti`. Access tokens name no client and no scopes: both come from introspection.
 */
export const zitadelDialect: Dialect = {
  name: 'zitadel',
  types: ['JWT', 'at+jwt'],
  optionalClaims: ['client_id'],
  refuse: (_header, claims) =>
    firstPresent(claims, ['auth_time', 'azp', 'amr', 'acr', 'sid']) ?? firstMissing(claims, ['jti']),
}
