import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, noted, type PresetOptions, readPresetOptions } from './preset.ts'

/** Options of {@link entra}. */
export interface EntraOptions extends PresetOptions {
  /**
   * Version of the access tokens, which `requestedAccessTokenVersion` of the API's registration decides: null or 1 means 1.
   * Default: 2.
   */
  version?: 1 | 2 | undefined
}

/**
 * One tenant of Microsoft Entra ID. `tenantId`: the directory id, a UUID in lower case, as tokens have it in `tid`. The
 * issuer is `https://login.microsoftonline.com/<tenantId>/v2.0`, whose keys are found by discovery, or for version 1
 * `https://sts.windows.net/<tenantId>/`. National clouds have other hosts and need issuer options of your own.
 *
 * By default an access token has `typ` `JWT`, the client in `azp` or `appid`, `uti` in place of `jti`, no `cnf`, and lives
 * 60 to 90 minutes; `aud` is the client id of the API or, in version 1, its App ID URI. A token lifetime policy can shorten
 * tokens to 10 minutes, no further. The tokens therefore need `audience`, `maxTokenSeconds` and `dangerously.allowUnbound`.
 *
 * The dialect names parties by `oid`, reads `scp`, and from the facets of Entra Agent ID whether an agent acts, and for
 * whom. Throws {@link OptionsError} for anything but the id of one tenant: `common`, `organizations` and `consumers` stand
 * for many issuers, which takes an `IssuerResolver`.
 */
export function entra(tenantId: string, options: EntraOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const { version = 2, ...rest } = readPresetOptions(read, 'entra', options)
  const id = readTenantId(read, tenantId)
  read.oneOf('entra.options.version', version, [1, 2])
  const host = 'https://login.microsoftonline.com'
  const known =
    version === 1
      ? { issuer: `https://sts.windows.net/${id}/`, jwksUri: `${host}/${id}/discovery/keys` }
      : { issuer: `${host}/${id}/v2.0` }
  return finishPreset(read, 'entra', rest, { ...known, dialect: 'entra' })
}

function readTenantId(read: OptionReader, value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return value
  const isMany = typeof value === 'string' && /^(?:common|organizations|consumers)$/i.test(value)
  return noted(
    read,
    'entra.tenantId',
    isMany
      ? 'stands for many issuers: their tokens name the tenant of the user. Use an IssuerResolver for several tenants'
      : 'must be the id of a tenant, a UUID in lower case: iss never holds the name of one',
  )
}
