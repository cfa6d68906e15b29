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
  /** By what no issuer takes, before the payload is decoded. */
  checkHeader(header: TokenHeader): Denial | undefined
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

  /** By what an issuer must not take that is not known yet. */
  function checkAnyHeader({ typ, alg }: TokenHeader): Denial | undefined {
    const type = readType(typ)
    if (type === undefined || isForeignType(type)) return unacceptedType(typ, undefined)
    return knownAlgorithms.includes(alg as Algorithm) ? undefined : unacceptedAlgorithm(alg, undefined)
  }

  function checkConfiguredHeader({ typ, alg }: TokenHeader): Denial | undefined {
    const type = readType(typ)
    const only = all.length === 1 ? all[0]?.policy : undefined
    if (type === undefined || !some(({ types }) => types.has(type))) return unacceptedType(typ, only)
    return some(({ algorithms }) => algorithms.has(alg as Algorithm)) ? undefined : unacceptedAlgorithm(alg, only)
  }

  return {
    find(iss) {
      const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
      if (issuer !== undefined || resolution === undefined) return issuer ?? unknown(iss)
      return andThen(resolution.find(iss), (found) => found ?? unknown(iss))
    },
    checkHeader: resolution === undefined ? checkConfiguredHeader : checkAnyHeader,
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
