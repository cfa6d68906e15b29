import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import { isPartyName } from '../internal/party-name.ts'
import { readHttpsUrl } from '../internal/urls.ts'
import { fixed } from '../options/defaults.ts'
import type { ResolverPolicy } from '../options/issuer-resolver.ts'
import type { Denial } from '../refusal/denial.ts'
import type { Health } from '../types/verifier.ts'
import type { IntrospectionSetting } from './introspection.ts'
import { createResolvedIssuers } from './resolved-issuers.ts'
import { createResolverTurns } from './resolver-turns.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** Issuers that are known at run time only. */
export interface Resolution {
  /** By the `iss` of a token whose signature is not yet verified; undefined for an unknown issuer. */
  find(iss: unknown): MaybePromise<TrustedIssuer | Denial | undefined>
  state(): NonNullable<Health['resolved']>
  close(): void
}

export interface ResolutionSetting extends IntrospectionSetting {
  readonly httpHosts: ReadonlySet<string>
}

/** The first resolver that knows the issuer decides. Where one fails, the later ones are not asked, because it might know the issuer. */
export function createResolution(resolvers: readonly ResolverPolicy[], setting: ResolutionSetting): Resolution {
  const turns = createResolverTurns(fixed.resolutionsInFlight)
  const tables = resolvers.map((resolver) => createResolvedIssuers(resolver, setting, turns))

  function ask(iss: string, at: number): MaybePromise<TrustedIssuer | Denial | undefined> {
    const table = tables[at]
    return table && andThen(table.find(iss), (found) => found ?? ask(iss, at + 1))
  }

  function total(count: (table: (typeof tables)[number]) => number): number {
    return tables.reduce((sum, table) => sum + count(table), 0)
  }

  return {
    find: (iss) => (isResolvable(iss, setting.httpHosts) ? ask(iss, 0) : undefined),
    state: () => ({
      known: total(({ known }) => known),
      unknown: total(({ unknown }) => unknown),
      pending: turns.taken,
    }),
    close() {
      for (const table of tables) table.close()
    },
  }
}

/** What the user's function is asked about: the sender of a token writes `iss` as it likes. */
function isResolvable(iss: unknown, httpHosts: ReadonlySet<string>): iss is string {
  if (!isPartyName(iss) || iss.length > fixed.resolvableIssuerLength) return false
  return typeof readHttpsUrl(iss, httpHosts) !== 'string'
}
