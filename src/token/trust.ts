import type { MaybePromise } from '../internal/maybe-promise.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
import type { Health } from '../types/verifier.ts'
import { type TokenHeader, unacceptedAlgorithm, unacceptedType, unknownValue } from './header.ts'
import { createIntrospection, type Introspection, type IntrospectionSetting } from './introspection.ts'
import { createKeyring } from './keyring.ts'
import type { Keyring } from './keys.ts'
import { readType } from './token-class.ts'

/** An issuer with what belongs to it alone: keys never mix, whatever their kids (RFC 9068 §4). */
export interface TrustedIssuer {
  readonly policy: IssuerPolicy
  readonly keyring: Keyring
  readonly introspection: Introspection | undefined
}

/** Whose tokens are taken. */
export interface Trust {
  /** By the `iss` of a token whose signature is not yet verified. */
  find(iss: unknown): MaybePromise<TrustedIssuer | Denial>
  /** By what no issuer takes, before the payload is decoded. */
  checkHeader(header: TokenHeader): Denial | undefined
  /** Who is asked about tokens that are no JWT. */
  readonly opaqueIssuer: TrustedIssuer | undefined
  load(): Promise<void>
  state(): Health['issuers']
  close(): void
}

export interface TrustSetting extends IntrospectionSetting {
  readonly issuers: ReadonlyMap<string, IssuerPolicy>
}

export function createTrust(policy: TrustSetting): Trust {
  const issuers = new Map<string, TrustedIssuer>()
  for (const [name, issuer] of policy.issuers) issuers.set(name, createTrustedIssuer(issuer, policy))
  const all = [...issuers.values()]

  function some(takes: (issuer: IssuerPolicy) => boolean): boolean {
    return all.some((issuer) => takes(issuer.policy))
  }

  return {
    find(iss) {
      const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
      return issuer ?? new Denial('token_issuer', { ...unknownValue('issuer', iss), hint: 'issuer' })
    },
    checkHeader({ typ, alg }) {
      const type = readType(typ)
      const only = all.length === 1 ? all[0]?.policy : undefined
      if (type === undefined || !some(({ types }) => types.has(type))) return unacceptedType(typ, only)
      return some(({ algorithms }) => algorithms.has(alg as Algorithm)) ? undefined : unacceptedAlgorithm(alg, only)
    },
    opaqueIssuer: all.find(({ introspection }) => introspection !== undefined),
    async load() {
      await Promise.all(all.flatMap(({ keyring, introspection }) => [introspection?.load(), keyring.load()]))
    },
    state: () => all.map(({ policy: { issuer }, keyring }) => ({ issuer, ...keyring.state() })),
    close() {
      for (const { keyring, introspection } of all) {
        introspection?.close()
        keyring.close()
      }
    },
  }
}

export function createTrustedIssuer(issuer: IssuerPolicy, policy: IntrospectionSetting): TrustedIssuer {
  const keyring = createKeyring(issuer, policy)
  return { policy: issuer, keyring, introspection: createIntrospection(issuer, keyring, policy) }
}
