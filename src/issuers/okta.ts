import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readHost, readIdentifier } from './preset.ts'

/**
 * A custom authorization server of Okta. `domain`: the host name of the organization or its custom domain, such as
 * `acme.okta.com`. `authorizationServer`: its id. Default: `'default'`. The
 * issuer is `https://<domain>/oauth2/<authorizationServer>`; its keys are found by discovery. Tokens of the organization's
 * own authorization server are meant for Okta alone.
 *
 * By default an access token has the client in `cid`, the scopes in the list `scp`, no `cnf`, the audience of its
 * authorization server (`api://default`), and lives an hour. Set the token lifetime to 5 minutes in the access policy, and
 * require DPoP at the application. Until then the tokens need `audience`, `maxTokenSeconds: 3_600` and
 * `dangerously.allowUnbound`.
 *
 * The dialect names the principal by `uid` where it is there, else by `sub`, and takes an `act` for one of this issuer.
 * Throws {@link OptionsError} for a domain or an id of another form.
 */
export function okta(
  domain: string,
  authorizationServer: string = 'default',
  options: PresetOptions = {},
): IssuerOptions {
  const read = new OptionReader()
  const host = readHost(read, 'okta.domain', domain)
  const id = readIdentifier(read, 'okta.authorizationServer', authorizationServer)
  return finishPreset(read, 'okta', options, { issuer: `https://${host}/oauth2/${id}`, dialect: 'okta' })
}
