import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readHost } from './preset.ts'

/**
 * Auth0. `domain`: the host name of the tenant or its custom domain, such as `tenant.eu.auth0.com`. The issuer is
 * `https://<domain>/`, with the final slash that Auth0 writes; its keys are found by discovery.
 *
 * By default an access token has `typ` `JWT`, the client in `azp`, no `jti`, no `cnf`, and lives 24 hours; `aud` names the
 * API and, with the scope `openid`, the userinfo endpoint. Set at the API: a token lifetime of 300 seconds, the RFC 9068
 * profile, and sender constraining. Until then the tokens need `maxTokenSeconds: 86_400` and `dangerously.allowUnbound`.
 * Tokens that are bound to a certificate need `dpopSchemeForMtls`, because Auth0 sends them under the scheme `DPoP`.
 *
 * The dialect takes both profiles. It reads kinds from `sub_profile` and `client_profile`, and takes an `act` without
 * `iss` for one of this tenant. Throws {@link OptionsError} for a domain that is no host name.
 */
export function auth0(domain: string, options: PresetOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const host = readHost(read, 'auth0.domain', domain)
  return finishPreset(read, 'auth0', options, { issuer: `https://${host}/`, dialect: 'auth0' })
}
