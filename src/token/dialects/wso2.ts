import type { EntityKind } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, firstMissing, firstPresent, issuerOf, principalOf, withIssuer } from './readers.ts'

/**
 * WSO2 Identity Server and Asgardeo. `aut` tells what the subject is, but not what the actor is. Only access tokens have it;
 * ID tokens, which share `aud`, have `amr` and the session key `isk`.
 */
export const wso2Dialect: Dialect = {
  name: 'wso2',
  types: ['JWT', 'at+jwt', null],
  clientId: ['client_id', 'azp'],
  refuse: (_header, claims) => firstPresent(claims, ['amr', 'isk']) ?? firstMissing(claims, ['aut']),
  parties(claims, read) {
    const { chain, warnings } = withIssuer(actorsOf(claims, read), issuerOf(claims))
    const principal = principalOf(claims, read, kinds.get(claims['aut']))
    return { principal, chain, ownToken: claims['aut'] === 'APPLICATION', warnings }
  },
}

const kinds = new Map<unknown, EntityKind>([
  ['AGENT', 'agent'],
  ['APPLICATION', 'service'],
  ['APPLICATION_USER', 'human'],
])
