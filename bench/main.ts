import { measure } from './hot-path.ts'

/** `npm run bench`: prints ratios and fails when one is over its budget. */

let failed = 0
for (const { name, ratio, budget, raw } of await measure()) {
  const isOver = !(ratio <= budget)
  if (isOver) failed++
  const spread = `${Math.min(...raw).toFixed(3)}–${Math.max(...raw).toFixed(3)} over ${raw.length} batches`
  console.log(
    `${name.padEnd(24)} ${ratio.toFixed(3)} of one signature verification (budget ${budget}, ${spread})${isOver ? '  OVER' : ''}`,
  )
}
process.exitCode = failed === 0 ? 0 : 1
