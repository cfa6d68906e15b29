import type { Depth } from './results.ts'
import { sections } from './sections.ts'

/** One section in a process of its own: `node section.js name depth`. */

const [name = '', depth = 'full'] = process.argv.slice(2)
const run = sections[name]?.run
if (run === undefined) throw new Error(`no section ${name}`)
const measurements = await (await run())(depth as Depth)
process.send?.(measurements, () => process.exit())
