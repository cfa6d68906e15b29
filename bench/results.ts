/** What a section measured, as it is printed, kept in results.json and drawn. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: 'ratio' | 'µs' | 'ms' | 'bytes' | 'requests/s' | 'times'
  readonly target?: Target
  /** Of each batch or run. */
  readonly raw: readonly number[]
  readonly note?: string
}

export interface Target {
  readonly max?: number
  readonly min?: number
}

export interface SectionResult {
  readonly date: string
  readonly measurements: readonly Measurement[]
}

export interface Results {
  readonly machine: string
  readonly node: string
  readonly sections: Readonly<Record<string, SectionResult>>
}

/** `check`: as much as a budget needs, in seconds; `full`: for the numbers that are published. */
export type Depth = 'check' | 'full'

export type Section = (depth: Depth) => Promise<readonly Measurement[]>

export function meets(value: number, { max, min }: Target): boolean {
  return !(max !== undefined && !(value <= max)) && !(min !== undefined && !(value >= min))
}

export function describeTarget({ max, min }: Target, unit: Measurement['unit']): string {
  return max === undefined ? `≥ ${format(min ?? 0, unit)}` : `≤ ${format(max, unit)}`
}

export function format(value: number, unit: Measurement['unit']): string {
  if (unit === 'requests/s') return `${Math.round(value)}/s`
  if (unit === 'bytes') return `${value.toFixed(1)} bytes`
  if (unit === 'times') return `${value.toFixed(1)} ×`
  if (unit === 'ratio') return value < 0.1 ? value.toFixed(4) : value.toFixed(3)
  return `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`
}
