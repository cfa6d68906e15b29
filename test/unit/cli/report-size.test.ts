import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { agentReport } from 'onbehalf/report'
import { expect, test } from 'vitest'
import { readMerged } from '../../../src/cli/merged-records.ts'
import { agent, eventOf, party, startOfDay } from '../../report/traffic.ts'
import { createLogFolder } from '../../support/audit-log.ts'

/** Memory of a report of a long log. The long form, with `ONBEHALF_REPORT=full`, reads 1 GB. */

const megabytes = process.env['ONBEHALF_REPORT'] === 'full' ? 1_000 : 12
const files = 4
const linesAtOnce = 1_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function bytesInUse(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Files of processes that wrote at the same time. */
function writeLogs(bytes: number): readonly string[] {
  const folder = createLogFolder()
  const paths = Array.from({ length: files }, (_, at) => join(folder, `${at}.jsonl`))
  const template = eventOf()
  for (let written = 0, nth = 0; written < bytes; ) {
    const lines = Array.from({ length: linesAtOnce }, () => {
      nth += 1
      const principal = party(`user-${nth % 5_000}`, 'human')
      const actor = agent(`agent-${nth % 300}`)
      const about = { time: startOfDay + nth, requestId: `request-${nth}`, principal, actor, chain: [actor] }
      return `${JSON.stringify({ ...template, ...about, authority: 'delegated' })}\n`
    }).join('')
    appendFileSync(paths[(nth / linesAtOnce) % files] as string, lines)
    written += lines.length
  }
  return paths
}

test(`CLI: a report of a log of ${megabytes} MB holds no more than 32 MB at any time`, {
  timeout: 600_000,
}, async () => {
  const paths = writeLogs(megabytes * 1e6)
  const counts = { bytes: 0, lines: 0, records: 0, unreadable: 0, unreadableFiles: [] }
  const report = agentReport({ clock: 'events' })
  const before = bytesInUse()
  const every = megabytes * 100
  let most = 0
  await readMerged(
    paths.map((path) => [path]),
    counts,
    (record) => {
      report.write(record)
      if (counts.records % every === 0) most = Math.max(most, bytesInUse() - before)
    },
  )
  console.info(`report of a log: ${(most / 1e6).toFixed(1)} MB at most, of ${counts.records} events`)
  expect(report.snapshot().events.requests).toBe(counts.records)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(32e6)
})
