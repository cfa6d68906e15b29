/** A wrong option. Lists every problem found, each with the path of its option; it stops the process at start, not a request. */
export class OptionsError extends Error {
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(`Wrong options:\n${problems.map(({ path, message }) => `  ${path}: ${message}`).join('\n')}`)
    this.name = 'OptionsError'
    this.problems = problems
  }
}

export interface OptionProblem {
  readonly path: string
  readonly message: string
}

type Raw = Readonly<Record<string, unknown>>

/** Reads untyped options strictly: collects problems, coerces nothing. `undefined` is absent. Readers give undefined after a problem. */
export class OptionReader {
  readonly problems: OptionProblem[] = []

  problem(path: string, message: string): undefined {
    this.problems.push({ path, message })
  }

  finish(): void {
    if (this.problems.length > 0) throw new OptionsError(this.problems)
  }

  /** A plain object with no member but these. The answer is a copy without a prototype: nothing inherited is an option. */
  object(path: string, value: unknown, names: readonly string[]): Raw | undefined {
    if (value === undefined) return undefined
    if (!isPlain(value)) return this.problem(path, 'must be a plain object')
    for (const name of Reflect.ownKeys(value)) {
      if (typeof name === 'string' && names.includes(name) && Object.prototype.propertyIsEnumerable.call(value, name))
        continue
      this.problem(join(path, String(name)), `unknown option; known here: ${names.join(', ')}`)
    }
    return Object.assign(Object.create(null) as Record<string, unknown>, value)
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

  oneOf<T>(path: string, value: unknown, allowed: readonly T[]): T | undefined {
    if (value === undefined) return undefined
    if (allowed.includes(value as T)) return value as T
    return this.problem(path, `must be one of ${allowed.join(', ')}`)
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

  /** An object (class instances welcome) with these methods. */
  methods<T>(path: string, value: unknown, names: readonly string[]): T | undefined {
    if (value === undefined) return undefined
    const has = typeof value === 'object' && value !== null
    if (has && names.every((name) => typeof (value as Raw)[name] === 'function')) return value as T
    return this.problem(path, `must be an object with ${names.map((name) => `${name}()`).join(' and ')}`)
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function join(path: string, name: string): string {
  return path === '' || path === 'options' ? name : `${path}.${name}`
}
