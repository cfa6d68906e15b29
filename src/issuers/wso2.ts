import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readBaseUrl } from './preset.ts'

/**
 * WSO2 Identity Server and Asgardeo. `baseUrl`: `https://is.example.com:9443`, or `https://api.asgardeo.io/t/<organization>`.
 * The issuer is `<baseUrl>/oauth2/token`; its keys are found by discovery.
 *
 * Set the access token type of the application to JWT; opaque tokens take `introspection`. By default a token has no `cnf`,
 * the client id as `aud`, and lives an hour. Set the access token expiry to 300 seconds and the token binding type to DPoP.
 * Until then the tokens need `audience`, `maxTokenSeconds: 3_600` and `dangerously.allowUnbound`.
 *
 * The dialect reads from `aut` whether the subject is an agent, a user or an application, and takes an `act` for one of this
 * issuer. Throws {@link OptionsError} for a URL of another form.
 */
export function wso2(baseUrl: string, options: PresetOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const url = readBaseUrl(read, 'wso2.baseUrl', baseUrl)
  if (url.endsWith('/oauth2/token')) read.problem('wso2.baseUrl', 'must not hold /oauth2/token, which is added to it')
  return finishPreset(read, 'wso2', options, { issuer: `${url}/oauth2/token`, dialect: 'wso2' })
}
