/**
 * One or more options are wrong. It is thrown when a verifier or a guard is made, and by `revoke` and `forget`, never for a
 * request that is checked, and lists every problem at once. Its message repeats no value, so it shows no secret.
 */
export class OptionsError extends Error {
  /** Every problem found, at least one. */
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(`Wrong options:\n${problems.map(({ path, message }) => `  ${path}: ${message}`).join('\n')}`)
    this.name = 'OptionsError'
    this.problems = problems
  }
}

/** What is wrong with one option. */
export interface OptionProblem {
  /** Where the option is, such as `issuer[1].keys.timeoutMs`. */
  readonly path: string
  /** What is wrong and what is allowed, for people: its wording may change. */
  readonly message: string
}

/** The members of an options object, not yet read. */
export type RawOptions<Name extends string = string> = { readonly [K in Name]?: unknown }

/** The names of an options type: one that is missing or unknown does not compile. */
export function namesOf<T extends object>(
  members: Readonly<Record<keyof T & string, true>>,
): readonly (keyof T & string)[] {
  return Object.keys(members) as (keyof T & string)[]
}

/**
 * Reads untyped options strictly: it collects problems and converts nothing. `undefined` counts as absent. A method that
 * reports a problem returns undefined.
 */
export class OptionReader {
  readonly problems: OptionProblem[] = []

  problem(path: string, message: string): undefined {
    this.problems.push({ path, message })
  }

  finish(): void {
    if (this.problems.length > 0) throw new OptionsError(this.problems)
  }

  /** A plain object with these members and no others. The result is a copy without a prototype: inherited members are no options. */
  object<Name extends string>(path: string, value: unknown, names: readonly Name[]): RawOptions<Name> | undefined {
    if (value === undefined) return undefined
    if (!isPlainObject(value)) return this.problem(path, 'must be a plain object')
    for (const name of Reflect.ownKeys(value)) {
      if (names.some((known) => known === name) && Object.prototype.propertyIsEnumerable.call(value, name)) continue
      const known = names.length === 0 ? 'this object has no options' : `the options here are ${names.join(', ')}`
      this.problem(join(path, String(name)), `is not an option; ${known}`)
    }
    return Object.assign(Object.create(null) as RawOptions<Name>, value)
  }

  string(path: string, value: unknown): string | undefined {
    if (value === undefined) return undefined
    return typeof value === 'string' && value !== '' ? value : this.problem(path, 'must be a non-empty string')
  }

  boolean(path: string, value: unknown): boolean | undefined {
    if (value === undefined) return undefined
    return typeof value === 'boolean' ? value : this.problem(path, 'must be true or false')
  }

  /** A whole number within bounds. */
  number(path: string, value: unknown, least: number, most: number): number | undefined {
    if (value === undefined) return undefined
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
    return this.problem(path, `must be a whole number from ${least} to ${most}`)
  }

  /** A number above 0 and up to `most`. */
  share(path: string, value: unknown, most: number): number | undefined {
    if (value === undefined) return undefined
    if (typeof value === 'number' && value > 0 && value <= most) return value
    return this.problem(path, `must be a number above 0 and at most ${most}`)
  }

  oneOf<T>(path: string, value: unknown, allowed: readonly T[]): T | undefined {
    if (value === undefined) return undefined
    if (allowed.includes(value as T)) return value as T
    return this.problem(path, allowed.length === 1 ? `must be ${allowed[0]}` : `must be one of ${allowed.join(', ')}`)
  }

  /** A non-empty list, read item by item and copied. */
  list<T>(
    path: string,
    value: unknown,
    read: (path: string, item: unknown) => T | undefined,
  ): readonly T[] | undefined {
    if (value === undefined) return undefined
    if (!Array.isArray(value) || value.length === 0) return this.problem(path, 'must be a non-empty list')
    const items: T[] = []
    for (const [index, raw] of value.entries()) {
      const item = raw === undefined ? this.problem(`${path}[${index}]`, 'is missing') : read(`${path}[${index}]`, raw)
      if (item !== undefined) items.push(item)
    }
    return items
  }

  strings(path: string, value: unknown): readonly string[] | undefined {
    return this.list(path, value, (at, item) => this.string(at, item))
  }

  /** One or several. */
  stringOrList(path: string, value: unknown): readonly string[] | undefined {
    if (!Array.isArray(value)) {
      const one = this.string(path, value)
      return one === undefined ? undefined : [one]
    }
    return this.strings(path, value)
  }

  function<T>(path: string, value: unknown): T | undefined {
    if (value === undefined) return undefined
    return typeof value === 'function' ? (value as T) : this.problem(path, 'must be a function')
  }

  /** An object with these methods; it may be an instance of a class. */
  methods<T>(path: string, value: unknown, names: readonly string[]): T | undefined {
    if (value === undefined) return undefined
    const has = typeof value === 'object' && value !== null
    if (has && names.every((name) => typeof (value as RawOptions)[name] === 'function')) return value as T
    return this.problem(path, `must be an object with ${names.map((name) => `${name}()`).join(' and ')}`)
  }
}

export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function join(path: string, name: string): string {
  return path === '' || path === 'options' ? name : `${path}.${name}`
}
