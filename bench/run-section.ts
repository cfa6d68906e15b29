import { askChild } from './processes.ts'
import { type Depth, describeTarget, format, type Measurement, meets } from './results.ts'
import { sections } from './sections.ts'

export async function runSection(name: string, depth: Depth): Promise<readonly Measurement[]> {
  const title = sections[name]?.title
  if (title === undefined) throw new Error(`no section ${name}: ${Object.keys(sections).join(', ')}`)
  console.log(`\n${title}`)
  const measurements = await askChild<readonly Measurement[]>('section.js', [name, depth], ['--expose-gc'])
  for (const measurement of measurements) print(measurement)
  return measurements
}

function print({ name, value, unit, raw, target, note }: Measurement): void {
  const goal = target === undefined ? '' : `  ${describeTarget(target, unit)}${meets(value, target) ? '' : '  MISSED'}`
  console.log(`  ${name.padEnd(52)} ${format(value, unit).padStart(14)}${goal}`)
  const shown = raw.length > 12 ? spread(raw, unit) : raw.map((item) => format(item, unit)).join('  ')
  console.log(`    ${[shown, note].filter((text) => text !== undefined).join('; ')}`)
}

function spread(raw: readonly number[], unit: Measurement['unit']): string {
  const sorted = [...raw].sort((a, b) => a - b)
  const at = (share: number) => format(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN, unit)
  return `${at(0)} … ${at(0.25)} … ${at(0.75)} … ${at(1)} over ${raw.length} batches`
}
