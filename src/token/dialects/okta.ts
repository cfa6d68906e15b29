import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, issuerOf, principalOf, textClaim, withIssuer } from './readers.ts'

/**
 * Okta. `uid` is the stable id of a directory user; `sub` is then a login name, which may be given to somebody else. The
 * prefix of `jti` names the class of the token: `AT.` an access token, `ID.` an ID token, `IDAAG.` an ID-JAG. Tokens of a
 * token exchange may have no `jti`; every access token says its scopes.
 */
export const oktaDialect: Dialect = {
  name: 'okta',
  types: ['JWT', 'at+jwt', 'okta-internal-at+jwt', null],
  optionalClaims: ['client_id', 'jti'],
  clientId: ['cid'],
  scopes: ['scp', 'scope'],
  refuse: (_header, { jti, scp, scope }) => {
    if (jti !== undefined && !(typeof jti === 'string' && jti.startsWith('AT.'))) return 'jti'
    return scp === undefined && scope === undefined ? 'scp' : undefined
  },
  parties(claims, read) {
    const { chain, warnings } = withIssuer(actorsOf(claims, read), issuerOf(claims))
    const principal = principalOf(claims, read)
    const user = textClaim(claims, 'uid')
    const ownToken = user === undefined && chain === undefined && claims['cid'] === principal.subject
    return { principal: user === undefined ? principal : { ...principal, subject: user }, chain, ownToken, warnings }
  },
}
