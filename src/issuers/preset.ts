import { isPlainObject, type OptionReader } from '../internal/option-reader.ts'
import { isHostName } from '../internal/urls.ts'
import type { Dialect, DialectName } from '../types/dialect.ts'
import type { IssuerOptions } from '../types/issuer-options.ts'

/** The last argument of every preset: the options of an issuer, without `issuer` itself. A member that is given wins over the preset's. */
export type PresetOptions = Omit<IssuerOptions, 'issuer'>

/** What a preset knows about an issuer. Without `jwksUri` the keys are found by discovery. */
interface KnownIssuer {
  readonly issuer: string
  readonly jwksUri?: string
  readonly dialect: DialectName | Dialect
}

/** Throws OptionsError for every problem noted so far. Members of `options` that no issuer has are left to the verifier, which refuses them. */
export function finishPreset(
  read: OptionReader,
  name: string,
  options: PresetOptions,
  known: KnownIssuer,
): IssuerOptions {
  const given = readPresetOptions(read, name, options)
  if (Object.hasOwn(given, 'issuer')) {
    read.problem(`${name}.options.issuer`, 'is no option here: the preset makes it of its other arguments')
  }
  read.finish()
  const hasOwnKeys = given.jwks !== undefined || given.jwksUri !== undefined
  return Object.freeze({
    ...given,
    ...(hasOwnKeys || known.jwksUri === undefined ? {} : { jwksUri: known.jwksUri }),
    issuer: known.issuer,
    dialect: given.dialect === undefined ? known.dialect : given.dialect,
  })
}

/** The options as they are, or none where they are no options object. */
export function readPresetOptions<T extends PresetOptions>(
  read: OptionReader,
  name: string,
  options: T,
): T | Partial<T> {
  if (isPlainObject(options)) return options
  read.problem(`${name}.options`, 'must be a plain object')
  return {}
}

// These note a problem and answer an empty text, which finishPreset never lets out.

/** A name such as `tenant.eu.auth0.com`, nothing around it. */
export function readHost(read: OptionReader, path: string, value: unknown): string {
  if (typeof value === 'string' && isHostName(value)) return value
  return noted(read, path, 'must be a host name in lower case, without scheme, port, path or slash')
}

/** An absolute URL without a final slash. Whether `http` is allowed is for the verifier to say. */
export function readBaseUrl(read: OptionReader, path: string, value: unknown): string {
  const isUrl = typeof value === 'string' && /^https?:\/\/[^\s\\/?#][^\s\\?#]*$/.test(value) && URL.canParse(value)
  if (isUrl && !value.endsWith('/')) return value
  return noted(read, path, 'must be an absolute URL without a final slash, a query or a fragment')
}

/** One segment of a URL's path. */
export function readIdentifier(read: OptionReader, path: string, value: unknown): string {
  if (typeof value === 'string' && /^[\w-]+$/.test(value)) return value
  return noted(read, path, 'must be an identifier of letters, digits, hyphens and underscores')
}

export function noted(read: OptionReader, path: string, message: string): string {
  read.problem(path, message)
  return ''
}
