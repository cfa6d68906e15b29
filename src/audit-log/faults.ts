import { fixed } from '../options/defaults.ts'
import type { AuditLogFault } from '../types/audit-log.ts'
import { textForTerminals } from './record-text.ts'

/** What is wrong with a log, bounded. */
export class Faults {
  readonly #list: AuditLogFault[] = []

  /** `what` must quote nothing from the log. */
  add(file: string, line: number, what: string): void {
    const most = fixed.auditLogFaults
    if (this.#list.length >= most) return
    const isLast = this.#list.length === most - 1
    this.#list.push({ file: textForTerminals(file), line, what: isLast ? 'further faults are not listed' : what })
  }

  get list(): readonly AuditLogFault[] {
    return this.#list
  }
}
