import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readBaseUrl } from './preset.ts'

/**
 * Scalekit. `environmentUrl`: the URL of the environment or its custom domain, such as `https://acme.scalekit.com`, which is
 * the issuer; its keys are found by discovery.
 *
 * By default the token of an API client has its scopes in the list `scopes`, no `aud` and no `cnf`, and lives 24 hours; a
 * user's token lives 5 minutes and has the client id of the application as `aud`. Give the API client an `audience` and an
 * `expiry` of 300. Until then its tokens need `dangerously.allowMissingAudience` for that client and
 * `maxTokenSeconds: 86_400`, and always `dangerously.allowUnbound`.
 *
 * The dialect reads both carriers of scopes. Throws {@link OptionsError} for anything but an absolute URL.
 */
export function scalekit(environmentUrl: string, options: PresetOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const issuer = readBaseUrl(read, 'scalekit.environmentUrl', environmentUrl)
  return finishPreset(read, 'scalekit', options, { issuer, dialect: 'scalekit' })
}
