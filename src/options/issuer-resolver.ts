import { isPlainObject, namesOf, OptionReader } from '../internal/option-reader.ts'
import type { IssuerOptions, IssuerResolver } from '../types/issuer-options.ts'
import { type CommonPolicy, type IssuerPolicy, readIssuer } from './issuer.ts'
import { readNumber } from './read-number.ts'

/** Who is asked about issuers that are not configured. */
export interface ResolverPolicy {
  readonly path: string
  readonly max: number
  readonly freshSeconds: number
  /** The user's function: it may throw, hang and answer anything. */
  resolve(iss: string): unknown
  /** What an answer about `iss` means, or what is wrong with it. Never throws. */
  readAnswer(answer: unknown, iss: string): IssuerPolicy | string
}

const names = namesOf<IssuerResolver>({ resolve: true, max: true, freshSeconds: true })

/** Among the issuers an object with a `resolve` of its own is a resolver. */
export function isResolver(value: unknown): value is object {
  return isPlainObject(value) && Object.hasOwn(value, 'resolve')
}

export function readResolver(
  read: OptionReader,
  path: string,
  value: object,
  common: CommonPolicy,
): ResolverPolicy | undefined {
  const raw = read.object(path, value, names)
  const resolve = read.function<IssuerResolver['resolve']>(`${path}.resolve`, raw?.resolve)
  if (raw?.resolve === undefined) read.problem(`${path}.resolve`, 'is required')
  const max = readNumber(read, 'issuerResolver.max', raw?.max, `${path}.max`)
  const freshSeconds = readNumber(read, 'issuerResolver.freshSeconds', raw?.freshSeconds, `${path}.freshSeconds`)
  if (resolve === undefined) return undefined
  const readAnswer: ResolverPolicy['readAnswer'] = (answer, iss) =>
    readResolved(`${path}.resolve()`, answer, iss, common)
  return { path, max, freshSeconds, resolve: (iss) => resolve.call(value as IssuerResolver, iss), readAnswer }
}

/** By the reader of configured issuers. The problems name options and repeat no value. */
function readResolved(path: string, answer: unknown, iss: string, common: CommonPolicy): IssuerPolicy | string {
  try {
    if (!isPlainObject(answer)) return `${path} must answer IssuerOptions or undefined`
    // A copy, since a getter may answer differently each time.
    const options = Object.assign(Object.create(null) as Partial<IssuerOptions>, answer)
    if (options.issuer !== iss) return `${path}.issuer must be the issuer that was asked about`
    const read = new OptionReader()
    const policy = readIssuer(read, path, options, common)
    if (policy?.introspection?.for === 'opaque') {
      read.problem(`${path}.introspection.for`, "must be 'all', since an opaque token names no issuer")
    }
    if (policy !== undefined && read.problems.length === 0) return policy
    return read.problems.map((problem) => `${problem.path} ${problem.message}`).join('; ')
  } catch {
    return `${path} answered an object that cannot be read`
  }
}
