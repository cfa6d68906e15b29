import type { Dialect } from '../types/dialect.ts'

/** The members of RFC 9068 §2.2 that an issuer may leave out where its dialect or its options say so. */
export type OptionalClaim = 'client_id' | 'jti' | 'iat'

/** Under which names a token may carry them. */
export function claimNamesOf({
  clientId = ['client_id'],
  tokenId = ['jti'],
}: Dialect): Readonly<Record<OptionalClaim, readonly string[]>> {
  return { client_id: clientId, jti: tokenId, iat: ['iat'] }
}
