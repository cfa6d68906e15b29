import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readHost, readIdentifier, readPresetOptions } from './preset.ts'

/** Options of {@link workos}. */
export interface WorkosOptions extends PresetOptions {
  /**
   * Host name of the AuthKit domain, or the custom authentication domain. WorkOS Connect, which agents and MCP clients get
   * their tokens from, writes it into `iss`. Default: none, which stands for session tokens of AuthKit.
   */
  domain?: string | undefined
}

/**
 * WorkOS. `clientId`: the client id of the environment. The issuer does not follow from it alone: WorkOS Connect writes
 * `https://<domain>`, so give `domain`; its keys are then found by discovery, and the client id is what `aud` holds where
 * no resource is configured. Without `domain` the issuer is that of AuthKit's session tokens,
 * `https://api.workos.com/user_management/<clientId>`, with the keys at `https://api.workos.com/sso/jwks/<clientId>`. For
 * older environments, whose session tokens say `https://api.workos.com`, write the issuer options yourself.
 *
 * By default a token of Connect has no `typ` and no `cnf`, and lives 5 minutes; `aud` is the requested resource, or the
 * client id of the environment. The tokens need `audience` where no resource is requested, and `dangerously.allowUnbound`.
 * Tokens of agent registrations name agent and user the other way round: they need `dialect: 'workos-agents'`.
 *
 * The dialect does without `typ` and without a client. Throws {@link OptionsError} for arguments of another form.
 */
export function workos(clientId: string, options: WorkosOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const { domain, ...rest } = readPresetOptions(read, 'workos', options)
  const id = readIdentifier(read, 'workos.clientId', clientId)
  const known =
    domain === undefined
      ? { issuer: `https://api.workos.com/user_management/${id}`, jwksUri: `https://api.workos.com/sso/jwks/${id}` }
      : { issuer: `https://${readHost(read, 'workos.options.domain', domain)}` }
  return finishPreset(read, 'workos', rest, { ...known, dialect: 'workos' })
}
