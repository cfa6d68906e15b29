import { resolve } from 'node:path'
import { systemClock } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { fixed } from '../options/defaults.ts'
import { readNumber } from '../options/read-number.ts'
import type {
  AuditLogOptions,
  CheckpointOptions,
  Note,
  PseudonymOptions,
  TenantOptions,
  VerifyOptions,
} from '../types/audit-log.ts'
import type { Clock } from '../types/options.ts'
import { isTenantName, otherTenant } from './file-name.ts'
import { type NoteKeys, type NoteSigner, readNoteKeys, readSigner } from './keys.ts'
import { isLabel, readNote } from './note.ts'

export interface AuditLogSettings {
  readonly directory: string
  readonly origin: string
  readonly signer: NoteSigner
  readonly everyEvents: number
  readonly everySeconds: number
  readonly tenants: TenantOptions | undefined
  /** The secret of the pseudonyms; undefined where names are kept. */
  readonly pseudonymKey: Uint8Array | undefined
  readonly maxFileBytes: number
  readonly onCheckpoint: AuditLogOptions['onCheckpoint']
  readonly clock: Clock
}

export function readAuditLogOptions(options: unknown): AuditLogSettings {
  const read = new OptionReader()
  if (options === undefined) read.problem('auditLog', 'is required')
  const raw: RawOptions<keyof AuditLogOptions> = read.object('auditLog', options, optionNames) ?? {}
  const signer = readSigner(read, 'auditLog.key', raw.key)
  const checkpoint: RawOptions<keyof CheckpointOptions> =
    read.object('auditLog.checkpoint', raw.checkpoint, checkpointNames) ?? {}
  const settings = {
    directory: readDirectory(read, raw.directory),
    origin: readOrigin(read, raw.origin),
    everyEvents: readNumber(read, 'auditLog.checkpoint.everyEvents', checkpoint.everyEvents),
    everySeconds: readNumber(read, 'auditLog.checkpoint.everySeconds', checkpoint.everySeconds),
    tenants: readTenants(read, raw.tenants),
    pseudonymKey: readPersonal(read, raw.personal),
    maxFileBytes: readNumber(read, 'auditLog.maxFileBytes', raw.maxFileBytes),
    onCheckpoint: read.function<AuditLogOptions['onCheckpoint']>('auditLog.onCheckpoint', raw.onCheckpoint),
    clock: read.methods<Clock>('auditLog.clock', raw.clock, ['now', 'monotonic']) ?? systemClock,
  }
  read.finish()
  return { ...settings, signer: signer as NoteSigner }
}

const optionNames = namesOf<AuditLogOptions>({
  directory: true,
  origin: true,
  key: true,
  checkpoint: true,
  tenants: true,
  personal: true,
  maxFileBytes: true,
  onCheckpoint: true,
  clock: true,
})
const checkpointNames = namesOf<CheckpointOptions>({ everyEvents: true, everySeconds: true })
const tenantNames = namesOf<TenantOptions>({ names: true, of: true })
const personalNames = namesOf<PseudonymOptions>({ pseudonymKey: true })
const verifyNames = namesOf<VerifyOptions>({ latest: true })

function readDirectory(read: OptionReader, value: unknown): string {
  if (value === undefined) read.problem('auditLog.directory', 'is required')
  // A later chdir() must not split the log.
  return resolve(read.string('auditLog.directory', value) ?? '')
}

function readOrigin(read: OptionReader, value: unknown): string {
  if (value === undefined) read.problem('auditLog.origin', 'is required')
  else if (!isLabel(value)) read.problem('auditLog.origin', 'must be 1 to 256 visible ASCII characters')
  return String(value)
}

function readTenants(read: OptionReader, value: unknown): TenantOptions | undefined {
  const raw: RawOptions<keyof TenantOptions> | undefined = read.object('auditLog.tenants', value, tenantNames)
  if (raw === undefined) return undefined
  const path = 'auditLog.tenants'
  if (raw.names === undefined) read.problem(`${path}.names`, 'is required')
  const names = read.list(`${path}.names`, raw.names, (at, name) =>
    isTenantName(name) && name !== otherTenant
      ? name
      : read.problem(at, `must be 1 to 64 of the characters a-z 0-9 -, and not ${otherTenant}`),
  )
  if (names !== undefined && new Set(names).size < names.length) read.problem(`${path}.names`, 'names one twice')
  if (names !== undefined && names.length > fixed.auditTenants)
    read.problem(`${path}.names`, `must be at most ${fixed.auditTenants} names`)
  if (raw.of === undefined) read.problem(`${path}.of`, 'is required')
  const of = read.function<TenantOptions['of']>(`${path}.of`, raw.of)
  return names && of && { names, of }
}

function readPersonal(read: OptionReader, value: unknown): Uint8Array | undefined {
  if (value === undefined || value === 'keep') return undefined
  const path = 'auditLog.personal'
  if (typeof value === 'string') return read.problem(path, "must be 'keep' or an object with pseudonymKey")
  const raw: RawOptions<keyof PseudonymOptions> = read.object(path, value, personalNames) ?? {}
  const key = raw.pseudonymKey
  if (typeof key !== 'string' && !(key instanceof Uint8Array))
    return read.problem(`${path}.pseudonymKey`, 'must be a string or a Uint8Array')
  const bytes = typeof key === 'string' ? Buffer.from(key) : Uint8Array.from(key)
  const least = fixed.pseudonymKeyBytes
  return bytes.length >= least ? bytes : read.problem(`${path}.pseudonymKey`, `must be at least ${least} bytes long`)
}

export interface VerifySettings {
  readonly directory: string
  readonly keys: NoteKeys
  readonly latest: readonly Note[]
}

export function readVerifyOptions(directory: unknown, keys: unknown, options: unknown): VerifySettings {
  const read = new OptionReader()
  if (directory === undefined) read.problem('directory', 'is required')
  const raw: RawOptions<keyof VerifyOptions> = read.object('options', options, verifyNames) ?? {}
  const settings = {
    directory: read.string('directory', directory) ?? '',
    keys: readNoteKeys(read, 'keys', keys),
    latest: readNotes(read, raw.latest),
  }
  read.finish()
  return settings
}

/** An empty list is what a log that never signed has given. */
function readNotes(read: OptionReader, value: unknown): readonly Note[] {
  if (Array.isArray(value) && value.length === 0) return []
  return read.list('latest', value, (at, item) => readNote(item) ?? read.problem(at, 'is not a note')) ?? []
}
