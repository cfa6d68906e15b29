import type { JwtPayload } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { memberOf, textsOf } from './readers.ts'

/**
 * FusionAuth. ID tokens share `typ`, `aud` and `applicationId`; besides the hashes that are judged in every dialect, they
 * lack what an access token grants: `scope`, or the `permissions` of an entity.
 */
export const fusionauthDialect: Dialect = {
  name: 'fusionauth',
  types: ['JWT', 'at+jwt'],
  clientId: ['applicationId'],
  refuse: (_header, claims) =>
    claims['scope'] === undefined && claims['permissions'] === undefined ? 'scope' : undefined,
  permissions: permissionsOf,
}

/** The permissions of one entity at another stand under the id of the other, which is then the only audience. */
function permissionsOf({ aud, permissions }: JwtPayload): readonly string[] {
  return typeof aud === 'string' ? textsOf(memberOf(permissions, aud)) : []
}
