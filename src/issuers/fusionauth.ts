import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readBaseUrl } from './preset.ts'

/**
 * FusionAuth. `url`: where the server is. `issuer`: the setting Issuer of the tenant, such as `acme.com`, exactly as it is
 * there; it is often no URL, so the keys are read from `<url>/.well-known/jwks.json`.
 *
 * By default an access token has `typ` `JWT`, no `cnf`, and lives an hour; client and `aud` are the id of the application.
 * Tokens have to be signed with an RSA or elliptic curve key: those signed with HMAC are refused. Set the JWT duration to
 * 300 seconds; with the Enterprise plan, use DPoP. Until then the tokens need `audience`, `maxTokenSeconds: 3_600` and
 * `dangerously.allowUnbound`.
 *
 * The dialect reads the client from `applicationId`. Throws {@link OptionsError} for arguments of another form.
 */
export function fusionauth(url: string, issuer: string, options: PresetOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const home = readBaseUrl(read, 'fusionauth.url', url)
  const name = read.string('fusionauth.issuer', issuer ?? '') ?? ''
  return finishPreset(read, 'fusionauth', options, {
    issuer: name,
    jwksUri: `${home}/.well-known/jwks.json`,
    dialect: 'fusionauth',
  })
}
