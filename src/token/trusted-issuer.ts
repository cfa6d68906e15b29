import type { IssuerPolicy } from '../options/issuer.ts'
import { createIntrospection, type Introspection, type IntrospectionSetting } from './introspection.ts'
import { createKeyring } from './keyring.ts'
import type { Keyring } from './keys.ts'

/** An issuer with what belongs to it alone: keys never mix, even where they share a kid (RFC 9068 §4). */
export interface TrustedIssuer {
  readonly policy: IssuerPolicy
  readonly keyring: Keyring
  readonly introspection: Introspection | undefined
}

export function createTrustedIssuer(issuer: IssuerPolicy, setting: IntrospectionSetting): TrustedIssuer {
  const keyring = createKeyring(issuer, setting)
  return { policy: issuer, keyring, introspection: createIntrospection(issuer, keyring, setting) }
}

export function closeTrustedIssuer({ keyring, introspection }: TrustedIssuer): void {
  introspection?.close()
  keyring.close()
}
