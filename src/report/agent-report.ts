import { clockFrom } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { readNumber } from '../options/read-number.ts'
import type { AuditRecord } from '../types/audit.ts'
import type { Clock } from '../types/options.ts'
import type { AgentReport, ReportSnapshot } from '../types/report.ts'
import type { AgentReportOptions } from '../types/report-options.ts'
import { countEvent } from './count-event.ts'
import { createFigures } from './figures.ts'
import { createPage } from './page.ts'
import { takeSnapshot } from './snapshot.ts'
import { writeText } from './text.ts'

/**
 * An audit sink that answers who calls, on whose behalf, how proven, and what is refused or would be. It keeps counts in
 * bounded memory and no event. It tells what the verifier that it is attached to has decided, and checks nothing itself.
 * Throws an OptionsError for wrong options.
 */
export function agentReport(options: AgentReportOptions = {}): AgentReport {
  const { maxParties, clock } = readReportOptions(options)
  const figures = createFigures(maxParties)
  const began = clock?.now()

  function snapshot(): ReportSnapshot {
    const { first, last } = figures
    const isEmpty = first > last
    if (clock !== undefined && began !== undefined) {
      return takeSnapshot(figures, Math.min(began, first), Math.max(clock.now(), last))
    }
    return isEmpty ? takeSnapshot(figures, null, null) : takeSnapshot(figures, first, last)
  }

  return {
    write(record: AuditRecord): void {
      const { time } = record
      if (!(Math.abs(time) <= latestDate)) {
        figures.events.unreadable += 1
        return
      }
      if (time < figures.first) figures.first = time
      if (time > figures.last) figures.last = time
      if ('dropped' in record) figures.events.dropped += record.dropped
      else countEvent(figures, record)
    },
    snapshot,
    html: () => createPage(snapshot()),
    text: () => writeText(snapshot()),
  }
}

/** ECMA-262 §21.4.1.1: no date lies further from the epoch. */
const latestDate = 8.64e15

interface ReportSettings {
  readonly maxParties: number
  /** Undefined: the time comes from the events. */
  readonly clock: Clock | undefined
}

const optionNames = namesOf<AgentReportOptions>({ maxParties: true, clock: true })

function readReportOptions(options: unknown): ReportSettings {
  const read = new OptionReader()
  const raw: RawOptions<keyof AgentReportOptions> = read.object('agentReport', options, optionNames) ?? {}
  const maxParties = readNumber(read, 'agentReport.maxParties', raw.maxParties)
  const clock = raw.clock === 'events' ? undefined : clockFrom(readReportClock(read, raw.clock))
  read.finish()
  return { maxParties, clock }
}

function readReportClock(read: OptionReader, value: unknown): (() => number) | Clock | undefined {
  if (typeof value === 'function') return value as () => number
  return read.methods<Clock>('agentReport.clock', value, ['now'])
}
