import { readFileSync } from 'node:fs'
import { runSection } from './run-section.ts'

/**
 * `npm run bench:check`: ratios within one process against budget.json. The budgets stand far enough above what is measured
 * that a busy machine does not break them; a lost cache, a promise or a second parse does.
 */

const budget = JSON.parse(readFileSync(new URL('../../bench/budget.json', import.meta.url), 'utf8')) as Budget
type Budget = Readonly<Record<string, Readonly<Record<string, number>>>>

const problems: string[] = []
for (const [section, limits] of Object.entries(budget)) {
  const measurements = await runSection(section, 'check')
  const names = new Set(measurements.map(({ name }) => name))
  for (const name of Object.keys(limits)) if (!names.has(name)) problems.push(`${name}: no longer measured`)
  for (const { name, value } of measurements) {
    const limit = limits[name]
    if (limit === undefined) problems.push(`${name}: has no budget`)
    else if (!(value <= limit)) problems.push(`${name}: ${value.toFixed(3)}, over its budget of ${limit}`)
  }
}
console.log(problems.length === 0 ? '\nwithin the budget' : `\n${problems.join('\n')}`)
process.exitCode = problems.length === 0 ? 0 : 1
