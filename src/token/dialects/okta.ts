import type { Dialect, DialectActor } from '../../types/dialect.ts'
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
    if (user === undefined) return { principal, chain, ownToken: claims['cid'] === principal.subject, warnings }
    return { principal: { ...principal, subject: user }, chain: chain?.map(byStableId), warnings }

    // An actor with the login name of the principal is the principal.
    function byStableId(actor: DialectActor): DialectActor {
      const isPrincipal = actor.subject === claims.sub && actor.issuer === claims.iss
      return isPrincipal && actor.namedBy !== 'client_id' ? { ...actor, subject: String(user) } : actor
    }
  },
}
