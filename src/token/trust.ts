import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { algorithms as knownAlgorithms } from '../jose/signature.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { IssuersPolicy } from '../options/issuers.ts'
import { Denial } from '../refusal/denial.ts'
import type { Algorithm } from '../types/options.ts'
import type { Health } from '../types/verifier.ts'
import { type TokenHeader, unacceptedAlgorithm, unacceptedType, unknownValue } from './header.ts'
import { createResolution, type ResolutionSetting } from './resolution.ts'
import { isForeignType, readType } from './token-class.ts'
import { closeTrustedIssuer, createTrustedIssuer, type TrustedIssuer } from './trusted-issuer.ts'

/** Whose tokens are taken. */
export interface Trust {
  /** By the `iss` of a token whose signature is not yet verified. */
  find(iss: unknown): MaybePromise<TrustedIssuer | Denial>
  /** The same without asking a resolver: undefined for an issuer that one might know. */
  findConfigured(iss: unknown): TrustedIssuer | Denial | undefined
  /** Is the type one that an issuer may take? To be asked before the payload is decoded. */
  checkAnyType(header: TokenHeader): Denial | undefined
  /** Is the algorithm one that an issuer may take? To be asked before the payload is decoded. */
  checkAnyAlgorithm(header: TokenHeader): Denial | undefined
  /** Who is asked about tokens that are no JWT. */
  readonly opaqueIssuer: TrustedIssuer | undefined
  load(): Promise<void>
  state(): Health['issuers']
  resolved(): Health['resolved']
  close(): void
}

export interface TrustSetting extends ResolutionSetting, IssuersPolicy {}

export function createTrust(policy: TrustSetting): Trust {
  const issuers = new Map<string, TrustedIssuer>()
  for (const [name, issuer] of policy.issuers) issuers.set(name, createTrustedIssuer(issuer, policy))
  const all = [...issuers.values()]
  const resolution = policy.resolvers.length === 0 ? undefined : createResolution(policy.resolvers, policy)

  function some(takes: (issuer: IssuerPolicy) => boolean): boolean {
    return all.some((issuer) => takes(issuer.policy))
  }

  function unknown(iss: unknown): Denial {
    return new Denial('token_issuer', { ...unknownValue('issuer', iss), hint: 'issuer' })
  }

  const only = all.length === 1 ? all[0]?.policy : undefined

  /** An issuer that is not known yet may take every type but those of another class. */
  function checkAnyType({ typ }: TokenHeader): Denial | undefined {
    const type = readType(typ)
    if (type === undefined) return unacceptedType(typ, only)
    if (resolution !== undefined) return isForeignType(type) ? unacceptedType(typ, undefined) : undefined
    return some(({ types }) => types.has(type)) ? undefined : unacceptedType(typ, only)
  }

  function checkAnyAlgorithm({ alg }: TokenHeader): Denial | undefined {
    if (resolution !== undefined) {
      return knownAlgorithms.includes(alg as Algorithm) ? undefined : unacceptedAlgorithm(alg, undefined)
    }
    return some(({ algorithms }) => algorithms.has(alg as Algorithm)) ? undefined : unacceptedAlgorithm(alg, only)
  }

  function findConfigured(iss: unknown): TrustedIssuer | Denial | undefined {
    const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
    return issuer ?? (resolution === undefined ? unknown(iss) : undefined)
  }

  return {
    find(iss) {
      const issuer = findConfigured(iss)
      if (issuer !== undefined || resolution === undefined) return issuer ?? unknown(iss)
      return andThen(resolution.find(iss), (found) => found ?? unknown(iss))
    },
    findConfigured,
    checkAnyType,
    checkAnyAlgorithm,
    opaqueIssuer: all.find(({ introspection }) => introspection !== undefined),
    async load() {
      await Promise.all(all.flatMap(({ keyring, introspection }) => [introspection?.load(), keyring.load()]))
    },
    state: () => all.map(({ policy: { issuer }, keyring }) => ({ issuer, ...keyring.state() })),
    resolved: () => resolution?.state() ?? null,
    close() {
      resolution?.close()
      for (const issuer of all) closeTrustedIssuer(issuer)
    },
  }
}
