import type { JwtPayload } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, firstPresent, principalOf } from './readers.ts'

/** Scalekit. ID tokens always carry `amr` and `azp`, access tokens neither. `oid` is an organization. */
export const scalekitDialect: Dialect = {
  name: 'scalekit',
  types: ['JWT', 'at+jwt', null],
  scopes: ['scope', 'scopes'],
  refuse: (_header, claims) => firstPresent(claims, ['amr', 'azp']),
  parties(claims, read) {
    const chain = actorsOf(claims, read)
    const isMachine = isOwnMachine(claims)
    const principal = principalOf(claims, read, isMachine ? 'service' : 'unknown')
    return { principal, chain, ownToken: isMachine }
  },
}

/** The prefix alone proves nothing: the subject must also be the client. */
function isOwnMachine({ sub, client_id: client }: JwtPayload): boolean {
  return typeof sub === 'string' && sub === client && /^m2m(?:org)?_/.test(sub)
}
