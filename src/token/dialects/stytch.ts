import type { JwtPayload } from '../../types/context.ts'
import type { Dialect } from '../../types/dialect.ts'
import { actorsOf, firstMissing, firstPresent, principalOf } from './readers.ts'

/**
 * Stytch: tokens of Connected Apps and of machine clients. Session tokens and ID tokens share the issuer and the keys,
 * session tokens `aud` too; neither has a `scope`. Only machine clients' tokens name no client.
 */
export const stytchDialect: Dialect = {
  name: 'stytch',
  types: ['JWT', 'at+jwt', null],
  optionalClaims: ['client_id', 'jti'],
  refuse: (_header, claims) =>
    firstPresent(claims, sessionClaims) ??
    firstMissing(claims, ['scope']) ??
    (isMachineClient(claims) ? undefined : firstMissing(claims, ['client_id', 'jti'])),
  parties(claims, read) {
    const chain = actorsOf(claims, read)
    const isMachine = isMachineClient(claims)
    const principal = principalOf(claims, read, isMachine ? 'service' : 'unknown')
    return { principal, chain, ownToken: isMachine }
  },
}

const sessionClaims = ['https://stytch.com/session', 'https://stytch.com/organization']

function isMachineClient({ sub, client_id: client }: JwtPayload): boolean {
  return client === undefined && typeof sub === 'string' && sub.startsWith('m2m-client-')
}
