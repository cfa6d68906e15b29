import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Results, SectionResult } from './results.ts'
import { runSection } from './run-section.ts'
import { sections } from './sections.ts'

/**
 * `npm run bench`: everything, printed and written to bench/results.json. `npm run bench -- pipeline http`: these sections,
 * printed alone; with `--save` they take their place among the results kept.
 */

const file = new URL('../../bench/results.json', import.meta.url)
const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith('--'))
const isKept = named.length === 0 || args.includes('--save')

const measured: Record<string, SectionResult> = {}
for (const name of named.length === 0 ? Object.keys(sections) : named) {
  const date = new Date().toISOString().slice(0, 10)
  measured[name] = { date, measurements: (await runSection(name, 'full')).map(rounded) }
}
if (isKept) {
  const kept = named.length === 0 ? {} : readKept()
  const results: Results = { machine: describeMachine(), node: process.version, sections: { ...kept, ...measured } }
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`)
}

type Measured = SectionResult['measurements'][number]

function rounded(measurement: Measured): Measured {
  const round = (value: number) => Number(value.toPrecision(5))
  return { ...measurement, value: round(measurement.value), raw: measurement.raw.map(round) }
}

function readKept(): Results['sections'] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results).sections : {}
}

function describeMachine(): string {
  const list = cpus()
  return `${list.length} × ${list[0]?.model.trim() ?? 'unknown processor'}, ${process.platform} ${process.arch}`
}
