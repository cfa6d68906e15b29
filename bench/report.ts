import { readFileSync, writeFileSync } from 'node:fs'
import { describeTarget, format, type Measurement, meets, type Results, type SectionResult } from './results.ts'
import { sections } from './sections.ts'
import { type Bar, drawBars } from './svg.ts'

/** `npm run bench:report`: draws results.json, and writes its table into README.md between its two marks. */

const folder = new URL('../../bench/', import.meta.url)
const results = JSON.parse(readFileSync(new URL('results.json', folder), 'utf8')) as Results

interface Chart {
  readonly section: string
  readonly file: string
  readonly title: string
  shows(measurement: Measurement): boolean
}

const isRatio = ({ unit }: Measurement) => unit === 'ratio'
const charts: readonly Chart[] = [
  { section: 'pipeline', file: 'pipeline', title: 'Cost of a good request ÷ what it owes', shows: isRatio },
  { section: 'refusals', file: 'refusals', title: 'Cost of a refusal ÷ one signature verification', shows: isRatio },
  {
    section: 'peers',
    file: 'peers-dpop',
    title: 'DPoP: microseconds a request (shorter is better)',
    shows: ({ name, unit }) => unit === 'µs' && name.startsWith('DPoP'),
  },
  {
    section: 'peers',
    file: 'peers-mtls',
    title: 'Certificate-bound: microseconds a request (shorter is better)',
    shows: ({ name, unit }) => unit === 'µs' && name.startsWith('mTLS'),
  },
  {
    section: 'http',
    file: 'http',
    title: 'HTTP: requests a second of one process, 32 connections (longer is better)',
    shows: ({ unit }) => unit === 'requests/s',
  },
  { section: 'growth', file: 'growth', title: 'Hot DPoP request ÷ one verification, as things grow', shows: isRatio },
]

for (const { section, file, title, shows } of charts) {
  const measured = results.sections[section]
  if (measured === undefined) continue
  const bars = measured.measurements.filter(shows).map(barOf)
  writeFileSync(new URL(`${file}.svg`, folder), drawBars(title, subtitleOf(measured), bars))
}
writeTable()

function subtitleOf({ date }: SectionResult): string {
  return `${results.machine}, Node ${results.node.slice(1)}, ${date}; a red line is the target`
}

function barOf({ name, value, unit, target }: Measurement): Bar {
  const mark = target?.max ?? target?.min
  const isOurs = unit === 'ratio' || /: onbehalf(?:,|$)/.test(name)
  const label = name.replace(/^(?:refused|DPoP|mTLS): /, '')
  return { label, value, text: format(value, unit), isOurs, ...(mark !== undefined && { mark }) }
}

function writeTable(): void {
  const file = new URL('README.md', folder)
  const [start, end] = ['<!-- results -->', '<!-- /results -->']
  const text = readFileSync(file, 'utf8')
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from === -1 || to < from) throw new Error('README.md has no place for the table')
  writeFileSync(file, `${text.slice(0, from + start.length)}\n\n${tableText()}\n\n${text.slice(to)}`)
}

function tableText(): string {
  const rows = Object.entries(sections).flatMap(([name, { title }]) => {
    const measurements = results.sections[name]?.measurements ?? []
    return measurements
      .filter(({ target }) => target !== undefined)
      .map((measurement) => [title, ...cells(measurement)])
  })
  const head = ['', 'what', 'target', 'measured', '']
  const dates = [...new Set(Object.values(results.sections).map(({ date }) => date))].join(', ')
  const widths = head.map((cell, at) => Math.max(3, cell.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = widths.map((length) => '-'.repeat(length))
  return [`${results.machine}, Node ${results.node.slice(1)}, ${dates}.`, '', ...[head, rule, ...rows].map(line)].join(
    '\n',
  )
}

function cells({ name, value, unit, target = {} }: Measurement): readonly string[] {
  return [name, describeTarget(target, unit), format(value, unit), meets(value, target) ? 'met' : '**missed**']
}
