import { namesOf, type OptionReader } from '../internal/option-reader.ts'
import type { AuditSink } from '../types/audit.ts'
import type { VerifierOptions } from '../types/options.ts'

export interface AuditPolicy {
  readonly sinks: readonly AuditSink[]
  readonly required: boolean
}

type RequiredSink = Extract<VerifierOptions['audit'], { required: true }>

const names = namesOf<RequiredSink>({ sink: true, required: true })

export function readAudit(read: OptionReader, value: unknown): AuditPolicy {
  const sink = (path: string, item: unknown) => read.methods<AuditSink>(path, item, ['write'])
  if (value === undefined) return { sinks: [], required: false }
  if (Array.isArray(value)) return { sinks: read.list('audit', value, sink) ?? [], required: false }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'sink')) {
    const one = sink('audit', value)
    return { sinks: one === undefined ? [] : [one], required: false }
  }
  const raw = read.object('audit', value, names)
  if (raw?.required !== true) read.problem('audit.required', 'must be true when sink is given')
  const one = sink('audit.sink', raw?.sink)
  if (raw?.sink === undefined) read.problem('audit.sink', 'is required')
  return { sinks: one === undefined ? [] : [one], required: true }
}
