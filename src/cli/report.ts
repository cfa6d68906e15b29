import { existsSync, realpathSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Faults } from '../audit-log/faults.ts'
import { codeOf } from '../audit-log/log-file.ts'
import { findChains } from '../audit-log/log-tree.ts'
import { agentReport } from '../report/agent-report.ts'
import { type Command, MisuseError } from './command.ts'
import { type ReadCounts, readMerged } from './merged-records.ts'
import { createProgress } from './progress.ts'
import { foreign, jsonText, styled, type Terminal } from './terminal.ts'

export const report: Command = {
  name: 'report',
  summary: 'Says who calls, on whose behalf, how proven, and what to do next, from an audit log.',
  help: `FILE|DIR [--html OUT] [--json]

  FILE|DIR    JSON lines of audit events, or the folder of an audit log; its signatures are not
              verified: see audit verify
  --html OUT  writes the page to this file; names of persons stand in it
  --json      for machines

Ends with 1 where a file cannot be read or holds no audit event at all.`,
  async run(args, { terminal }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { html: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true,
    })
    const [path, ...more] = positionals
    if (path === undefined || more.length > 0) throw new MisuseError('report takes one file or folder.')
    if (values.html !== undefined) checkPagePath(values.html, path)
    const log = await findLog(path)
    const counts: ReadCounts = { bytes: 0, lines: 0, records: 0, unreadable: 0, unreadableFiles: [] }
    const figures = agentReport({ clock: 'events' })
    const progress = createProgress(terminal, log.bytes)
    await readMerged(log.chains, counts, (record) => {
      figures.write(record)
      progress.show(counts.bytes)
    })
    progress.end()
    if (values.html !== undefined) writePage(values.html, figures.html())
    if (values.json) terminal.print(jsonText(figures.snapshot()))
    else if (values.html === undefined) terminal.print(figures.text().trimEnd())
    else terminal.print(`The page is in ${foreign(values.html)}.`)
    complainOfUnread(counts, log.passedOver, terminal)
    const holdsNoEvent = counts.records === 0 && (counts.unreadable > 0 || log.chains.length === 0)
    return holdsNoEvent || counts.unreadableFiles.length > 0 ? 1 : 0
  },
}

interface Log {
  readonly chains: readonly (readonly string[])[]
  readonly bytes: number
  /** Files of the folder that do not belong to a log. */
  readonly passedOver: readonly string[]
}

async function findLog(path: string): Promise<Log> {
  const about = statsOf(path)
  if (!about.isDirectory()) return { chains: [[path]], bytes: about.size, passedOver: [] }
  const faults = new Faults()
  const found = await findChains(path, faults)
  const chains = found.map((files) => files.map((file) => join(path, file)))
  const bytes = chains.flat().reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
  return { chains, bytes, passedOver: faults.list.map(({ file, what }) => `${file}: ${what}`) }
}

function statsOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (error) {
    throw new MisuseError(`FILE|DIR cannot be read (${codeOf(error)}).`)
  }
}

/** A page must not take the place of a log. */
function checkPagePath(page: string, log: string): void {
  const target = existsSync(page) ? realpathSync(page) : page
  const isLog = existsSync(log) && target === realpathSync(log)
  if (page === '' || isLog || target.endsWith('.jsonl')) throw new MisuseError('--html must not name a log.')
}

/** Persons are named in it. */
function writePage(path: string, page: string): void {
  try {
    writeFileSync(path, page, { mode: 0o600 })
  } catch (error) {
    throw new MisuseError(`--html cannot be written (${codeOf(error)}).`)
  }
}

function complainOfUnread(counts: ReadCounts, passedOver: readonly string[], { complain, ...rest }: Terminal): void {
  const hint = styled({ complain, ...rest }, 'yellow', 'hint   ')
  for (const text of passedOver) complain(`${hint} ${foreign(text)}`)
  if (passedOver.length > 0) complain(`${hint} a file that no audit log wrote is read where it is named by itself`)
  for (const file of counts.unreadableFiles) complain(`${hint} ${foreign(file)} cannot be read`)
  if (counts.unreadable > 0) complain(`${hint} ${counts.unreadable} of ${counts.lines} lines are no audit events`)
}
