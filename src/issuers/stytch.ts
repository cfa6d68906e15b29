import { OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'
import { finishPreset, type PresetOptions, readHost, readPresetOptions } from './preset.ts'

/** Options of {@link stytch}. */
export interface StytchOptions extends PresetOptions {
  /** Host name of the project domain, which tokens of Connected Apps have in `iss`. Default: none, which stands for M2M tokens. */
  domain?: string | undefined
}

/**
 * Stytch. `projectId`: such as `project-live-…`. The issuer of M2M tokens is `stytch.com/<projectId>`, which is no URL, so
 * the preset gives the place of the keys: `/v1/sessions/jwks/<projectId>` at `api.stytch.com`, or at `test.stytch.com` for a
 * test project. A B2B project has its keys at `/v1/b2b/sessions/jwks/<projectId>`: give `jwksUri`. Tokens of Connected Apps
 * come from the project domain: give `domain`, and the issuer is `https://<domain>` with the keys at
 * `/.well-known/jwks.json`.
 *
 * By default a token has no `cnf` and lives an hour; `aud` is the project id. An M2M token has neither client nor `jti`. The
 * tokens therefore need `audience`, `maxTokenSeconds: 3_600` and `dangerously.allowUnbound`.
 *
 * The dialect does without `typ`, and for M2M tokens without client and `jti`. Throws {@link OptionsError} for arguments of
 * another form.
 */
export function stytch(projectId: string, options: StytchOptions = {}): IssuerOptions {
  const read = new OptionReader()
  const { domain, ...rest } = readPresetOptions(read, 'stytch', options)
  const api = readApi(read, projectId)
  if (domain === undefined) {
    const jwksUri = `https://${api}/v1/sessions/jwks/${projectId}`
    return finishPreset(read, 'stytch', rest, { issuer: `stytch.com/${projectId}`, jwksUri, dialect: 'stytch' })
  }
  const issuer = `https://${readHost(read, 'stytch.options.domain', domain)}`
  return finishPreset(read, 'stytch', rest, { issuer, jwksUri: `${issuer}/.well-known/jwks.json`, dialect: 'stytch' })
}

/** The host of Stytch's API for the project, which is another one for test projects. */
function readApi(read: OptionReader, projectId: unknown): string {
  const [, stage] = (typeof projectId === 'string' && /^project-(live|test)-[\w-]+$/.exec(projectId)) || []
  if (stage === undefined)
    read.problem('stytch.projectId', 'must be an id that begins with project-live- or project-test-')
  return stage === 'test' ? 'test.stytch.com' : 'api.stytch.com'
}
