import type { IssuerPolicy } from '../options/issuer.ts'
import type { Clock } from '../types/options.ts'
import { createStaticKeyring, type Keyring } from './keys.ts'
import { createRemoteKeyring } from './remote-keys.ts'

export function createKeyring(issuer: IssuerPolicy, policy: { clock: Clock; fetch: typeof fetch }): Keyring {
  if (issuer.jwks === undefined) return createRemoteKeyring(issuer, policy.clock, policy.fetch)
  return createStaticKeyring(issuer.jwks, issuer.algorithms)
}
