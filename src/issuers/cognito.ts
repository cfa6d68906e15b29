import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readIdentifier } from './preset.ts'

/**
 * A user pool of Amazon Cognito. `region`: such as `eu-central-1`. `userPoolId`: such as `eu-central-1_AbCdEf123`. The issuer
 * is `https://cognito-idp.<region>.amazonaws.com/<userPoolId>`, and its keys are below it at `/.well-known/jwks.json`.
 *
 * By default an access token has no `typ`, no `aud` and no `cnf`, and lives an hour. The app client can be set to 5 minutes;
 * with managed login a client that asks for a `resource` gets it as `aud`. Until then the tokens need
 * `dangerously.allowMissingAudience` for the app clients of this API, `maxTokenSeconds: 3_600`, and always
 * `dangerously.allowUnbound`.
 *
 * The dialect does without `typ`, refuses ID tokens, which the same pool signs, and knows an app client's own token by
 * `sub` and `client_id` being the same. Throws {@link OptionsError} for a pool that is not of the region.
 */
export function cognito(region: string, userPoolId: string, options: PresetOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const place = readIdentifier(read, 'cognito.region', region)
  const pool = readIdentifier(read, 'cognito.userPoolId', userPoolId)
  if (place !== '' && pool !== '' && !pool.startsWith(`${place}_`)) {
    read.problem('cognito.userPoolId', 'must begin with the region and an underscore')
  }
  const issuer = `https://cognito-idp.${place}.amazonaws.com/${pool}`
  return finishPreset(read, 'cognito', options, {
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    dialect: 'cognito',
  })
}
