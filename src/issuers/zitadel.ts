import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readBaseUrl } from './preset.ts'

/**
 * ZITADEL. `url`: the URL of the instance, such as `https://acme.zitadel.cloud`, which is the issuer; its keys are found
 * by discovery.
 *
 * By default an access token is an opaque string, which `introspection` takes. An application or service account can be
 * set to JWT: these have `typ` `JWT`, no client, no scopes and no `cnf`, name projects by their ids in `aud`, and live 12
 * hours, which the OIDC settings of the instance can shorten. The tokens therefore need `audience`, `maxTokenSeconds` and
 * `dangerously.allowUnbound`.
 *
 * The dialect does without a client. Throws {@link OptionsError} for anything but an absolute URL.
 */
export function zitadel(url: string, options: PresetOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const issuer = readBaseUrl(read, 'zitadel.url', url)
  return finishPreset(read, 'zitadel', options, { issuer, dialect: 'zitadel' })
}
