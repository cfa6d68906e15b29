import { fixed } from '../options/defaults.ts'

/**
 * One value per combination of labels, bounded: what comes beyond shares one series, whose labels are all 'other'. Labels
 * come from closed sets and from the options, so that the bound is met by very many issuers only.
 */
export class Series<T> {
  readonly #names: readonly string[]
  readonly #create: (labels: Labels) => T
  readonly #byValues = new Map<string, T>()

  constructor(names: readonly string[], create: (labels: Labels) => T) {
    this.#names = names
    this.#create = create
  }

  of(values: readonly string[]): T {
    const key = seriesKey(values)
    const known = this.#byValues.get(key)
    if (known !== undefined) return known
    return this.#byValues.size < fixed.metricSeries ? this.#add(key, values) : this.#overflow(values)
  }

  all(): readonly T[] {
    return [...this.#byValues.values()]
  }

  clear(): void {
    this.#byValues.clear()
  }

  /** Issuers of resolvers may have this series already: Prometheus refuses an answer that has a series twice. */
  #overflow(values: readonly string[]): T {
    const others = values.map(() => 'other')
    const key = seriesKey(others)
    return this.#byValues.get(key) ?? this.#add(key, others)
  }

  #add(key: string, values: readonly string[]): T {
    const created = this.#create(this.#label(values))
    this.#byValues.set(key, created)
    return created
  }

  #label(values: readonly string[]): Labels {
    return labelled(this.#names, values)
  }
}

function seriesKey(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : values.join('\n')
}

export type Labels = Readonly<Record<string, string>>

export function labelled(names: readonly string[], values: readonly string[]): Labels {
  return Object.freeze(Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])))
}
