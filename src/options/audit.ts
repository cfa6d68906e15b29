import { namesOf, type OptionReader } from '../internal/option-reader.ts'
import type { AuditRecord, AuditSetting, AuditSink } from '../types/audit.ts'

/** Each sink with its settings. */
export type AuditPolicy = readonly SinkPolicy[]

export interface SinkPolicy {
  readonly sink: AuditSink
  readonly required: boolean
}

const names = namesOf<AuditSetting>({ sink: true, required: true })

export function readAudit(read: OptionReader, value: unknown): AuditPolicy {
  if (value === undefined) return []
  if (Array.isArray(value)) return read.list('audit', value, (path, item) => readSetting(read, path, item)) ?? []
  const one = readSetting(read, 'audit', value)
  return one === undefined ? [] : [one]
}

function readSetting(read: OptionReader, path: string, value: unknown): SinkPolicy | undefined {
  if (!hasSettings(value)) {
    const sink = readSink(read, path, value)
    return sink && { sink, required: false }
  }
  const raw = read.object(path, value, names)
  const required = read.oneOf(`${path}.required`, raw?.required, [true] as const) ?? false
  if (raw?.sink === undefined) read.problem(`${path}.sink`, 'is required')
  const sink = readSink(read, `${path}.sink`, raw?.sink)
  return sink && { sink, required }
}

/** A sink may be an instance of a class with a member `sink`; settings are a plain object. */
function hasSettings(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Object.hasOwn(value, 'sink') && (prototype === null || prototype === Object.prototype)
}

function readSink(read: OptionReader, path: string, value: unknown): AuditSink | undefined {
  if (typeof value === 'function') return { write: value as (record: AuditRecord) => void }
  const sink = read.methods<AuditSink>(path, value, ['write'])
  for (const name of ['close', 'writeRequired'] as const) {
    if (sink?.[name] === undefined || typeof sink[name] === 'function') continue
    return read.problem(path, `must have a function as ${name}`)
  }
  return sink
}
