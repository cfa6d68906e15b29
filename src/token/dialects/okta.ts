import type { Dialect } from '../../types/dialect.ts'
import { issuerOf, principalOf, textClaim, withIssuer } from './readers.ts'

/**
 * Okta. `uid` is the stable id of a directory user; `sub` is then a login name, which may be given to somebody else. The
 * prefix of `jti` names the class of the token: `AT.` an access token, `ID.` an ID token, `IDAAG.` an ID-JAG.
 */
export const oktaDialect: Dialect = {
  name: 'okta',
  types: ['JWT', 'at+jwt', 'okta-internal-at+jwt', null],
  optionalClaims: ['client_id', 'jti'],
  clientId: ['cid'],
  scopes: ['scp', 'scope'],
  refuse: (_header, { jti }) =>
    jti === undefined || (typeof jti === 'string' && jti.startsWith('AT.')) ? undefined : 'jti',
  parties(claims, read) {
    const { chain, warnings } = withIssuer(read.actors(claims), issuerOf(claims))
    const principal = principalOf(claims, read)
    const user = textClaim(claims, 'uid')
    const ownToken = user === undefined && chain === undefined && claims['cid'] === principal.subject
    return { principal: user === undefined ? principal : { ...principal, subject: user }, chain, ownToken, warnings }
  },
}
