import { isThenable } from '../internal/maybe-promise.ts'
import { namesOf, type OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { dialects } from '../token/dialects/index.ts'
import { isForeignType, normalizeType } from '../token/token-class.ts'
import type { Dialect, DialectName } from '../types/dialect.ts'
import { choices } from './defaults.ts'

const names = namesOf<Dialect>({
  name: true,
  types: true,
  optionalClaims: true,
  clientId: true,
  tokenId: true,
  scopes: true,
  roles: true,
  permissions: true,
  refuse: true,
  parties: true,
  entity: true,
})

/** A name, or a dialect of the user's own, copied. */
export function readDialect(read: OptionReader, path: string, value: unknown): Dialect {
  const usual = dialects[choices['issuer.dialect'].default]
  if (value === undefined) return usual
  if (typeof value === 'string') {
    const name = read.oneOf<DialectName>(path, value as DialectName, choices['issuer.dialect'].allowed)
    return name === undefined ? usual : dialects[name]
  }
  const raw = read.object(path, value, names)
  if (raw === undefined) return usual
  if (raw.name === undefined) read.problem(`${path}.name`, 'is required')
  return Object.freeze<Dialect>({
    name: read.string(`${path}.name`, raw.name) ?? '',
    types: read.list(`${path}.types`, raw.types, (at, item) => readTypeName(read, at, item)),
    optionalClaims: read.list(`${path}.optionalClaims`, raw.optionalClaims, (at, item) =>
      read.oneOf(at, item, ['client_id', 'jti', 'iat'] as const),
    ),
    clientId: read.strings(`${path}.clientId`, raw.clientId),
    tokenId: read.strings(`${path}.tokenId`, raw.tokenId),
    scopes: read.list(`${path}.scopes`, raw.scopes, (at, item) =>
      read.oneOf(at, item, ['scope', 'scp', 'scopes'] as const),
    ),
    ...readFunctions(read, path, raw),
  })
}

const functions = ['roles', 'permissions', 'refuse', 'parties', 'entity'] as const

function readFunctions(read: OptionReader, path: string, raw: RawOptions): Pick<Dialect, (typeof functions)[number]> {
  const given = functions.map((name) => [name, read.function<Hook>(`${path}.${name}`, raw[name])] as const)
  return Object.fromEntries(given.flatMap(([name, hook]) => (hook === undefined ? [] : [[name, synchronously(hook)]])))
}

type Hook = (...args: never[]) => unknown

/** One wrapper per function, so that two readings of one dialect mean the same. */
const wrappers = new WeakMap<Hook, Hook>()

/** A promise is another shape. Its rejection must not end the process. */
function synchronously(hook: Hook): Hook {
  const known = wrappers.get(hook)
  if (known !== undefined) return known
  const wrapper: Hook = (...args) => {
    const answer = hook(...args)
    if (!isThenable(answer)) return answer
    Promise.resolve(answer).catch(() => {})
    throw new TypeError('answered a promise')
  }
  wrappers.set(hook, wrapper)
  return wrapper
}

/** Null, which stands for a token without `typ`, is a name here. */
function readTypeName(read: OptionReader, path: string, value: unknown): string | null | undefined {
  if (value === null) return null
  const typ = read.string(path, value)
  if (typ === undefined || !isForeignType(normalizeType(typ))) return typ
  return read.problem(path, 'names another class of token, which is never taken for an access token')
}

/** The accepted values of `typ`, as they are compared. */
export function typesOf({ types = ['at+jwt'] }: Dialect): ReadonlySet<string | null> {
  return new Set(types.map(normalizeType))
}
