import { fixed } from '../options/defaults.ts'

/**
 * One value per combination of labels, bounded: what comes beyond shares one series, whose labels are all 'other'. Labels
 * come from closed sets and from the options, so that the bound is met by very many issuers only.
 */
export class Series<T> {
  readonly #names: readonly string[]
  readonly #create: (labels: Labels) => T
  readonly #byValues = new Map<string, T>()
  #overflow: T | undefined

  constructor(names: readonly string[], create: (labels: Labels) => T) {
    this.#names = names
    this.#create = create
  }

  of(values: readonly string[]): T {
    const key = values.length === 1 ? (values[0] as string) : values.join('\n')
    const known = this.#byValues.get(key)
    if (known !== undefined) return known
    if (this.#byValues.size >= fixed.metricSeries) {
      this.#overflow ??= this.#create(this.#label(values.map(() => 'other')))
      return this.#overflow
    }
    const created = this.#create(this.#label(values))
    this.#byValues.set(key, created)
    return created
  }

  all(): readonly T[] {
    const known = [...this.#byValues.values()]
    return this.#overflow === undefined ? known : [...known, this.#overflow]
  }

  clear(): void {
    this.#byValues.clear()
    this.#overflow = undefined
  }

  #label(values: readonly string[]): Labels {
    return labelled(this.#names, values)
  }
}

export type Labels = Readonly<Record<string, string>>

export function labelled(names: readonly string[], values: readonly string[]): Labels {
  return Object.freeze(Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])))
}
