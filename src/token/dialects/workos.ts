import type { Dialect } from '../../types/dialect.ts'
import { firstMissing, isAgentRegistration } from './readers.ts'

/**
 * WorkOS Connect. ID tokens share the issuer, the keys and often `aud`, but have no `jti`. Session tokens share the keys, but
 * have no `aud`; their `act` names an administrator by e-mail address, which is no name in the issuer's namespace. Tokens of
 * agent registrations give `act` the inverse meaning and need the dialect `workos-agents`.
 */
export const workosDialect: Dialect = {
  name: 'workos',
  types: ['JWT', 'at+jwt', null],
  optionalClaims: ['client_id'],
  refuse: (_header, claims) => firstMissing(claims, ['jti']) ?? (isAgentRegistration(claims) ? 'sub' : undefined),
}
