import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, firstMissing, principalOf, textsOf } from './readers.ts'

/** Amazon Cognito user pools. Every token names its class in `token_use`; every dialect refuses a value other than `access`. */
export const cognitoDialect: Dialect = {
  name: 'cognito',
  types: [null, 'JWT', 'at+jwt'],
  roles: (claims) => textsOf(claims['cognito:groups']),
  refuse: (_header, claims) => firstMissing(claims, ['token_use']),
  parties(claims, read) {
    const chain = actorsOf(claims, read)
    const isOwn = claims.sub === claims['client_id']
    const principal = principalOf(claims, read, isOwn ? 'service' : 'unknown')
    return { principal, chain, ownToken: isOwn }
  },
}
