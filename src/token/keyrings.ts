import type { IssuerPolicy } from '../options/issuer.ts'
import type { Clock } from '../types/options.ts'
import { createStaticKeyring, type Keyring } from './keys.ts'
import { createRemoteKeyring } from './remote-keys.ts'

/** One keyring per issuer. */
export function createKeyrings(policy: {
  issuers: ReadonlyMap<string, IssuerPolicy>
  clock: Clock
  fetch: typeof fetch
}): ReadonlyMap<string, Keyring> {
  const keyrings = new Map<string, Keyring>()
  for (const [name, issuer] of policy.issuers) {
    keyrings.set(
      name,
      issuer.jwks === undefined
        ? createRemoteKeyring(issuer, policy.clock, policy.fetch)
        : createStaticKeyring(issuer.jwks, issuer.algorithms),
    )
  }
  return keyrings
}
