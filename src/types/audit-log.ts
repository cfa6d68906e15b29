import type { KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import type { AuditEvent, AuditRecord, AuditSink } from './audit.ts'
import type { Clock } from './options.ts'

/** Settings of `auditLog()`. */
export interface AuditLogOptions {
  /** The folder for the files of all processes, on a local disk; it is made if it is missing. One folder holds one origin. Required. */
  directory: string
  /** Whose log it is, such as `payments.example.com`: 1 to 256 visible ASCII characters. Checkpoints name it. Required. */
  origin: string
  /** Signs the checkpoints: a private Ed25519 key, as a JWK with `kid` or as a KeyObject, whose `kid` is its RFC 7638 thumbprint. Required. */
  key: JWK | KeyObject
  /** When checkpoints are signed beside the one at the start of each file and the one at the end. Default: after 1 s and after 1 000 events. */
  checkpoint?: CheckpointOptions | undefined
  /** A folder and a chain for each tenant. Default: none, one chain in `directory` itself. */
  tenants?: TenantOptions | undefined
  /** What becomes of the names of persons: they are kept, or replaced by pseudonyms. Default: `'keep'`. */
  personal?: 'keep' | PseudonymOptions | undefined
  /** A file that would grow beyond this size is ended, and the chain goes on in the next one. From 65 536 to 1 099 511 627 776. Default: 134 217 728. */
  maxFileBytes?: number | undefined
  /**
   * Gets each checkpoint once it is on the disk, to be kept where the process that writes cannot change it. What it throws
   * or rejects with is ignored. Default: nothing.
   */
  onCheckpoint?: ((note: Note) => void | Promise<void>) | undefined
  /** Its time. Default: `Date.now` and `performance.now`. */
  clock?: Clock | undefined
}

/** When checkpoints are signed: whichever comes first, while there are events. */
export interface CheckpointOptions {
  /** After so many events. From 1 to 1 000 000. Default: 1 000. */
  everyEvents?: number | undefined
  /** After so many whole seconds. From 1 to 3 600. Default: 1. */
  everySeconds?: number | undefined
}

/** How events are divided among tenants. */
export interface TenantOptions {
  /** Their names, which are also those of their folders: 1 to 64 names of 1 to 64 characters `a-z 0-9 -`, not `other`. Required. */
  names: readonly string[]
  /** The tenant of an event. Any other answer than one of the names, and an error, means the folder `other`. Required. */
  of: (event: AuditEvent) => string
}

/** How persons are replaced by pseudonyms. */
export interface PseudonymOptions {
  /**
   * The secret of the pseudonyms, which are `p:` and the HMAC-SHA256 of the name: at least 32 bytes (a string counts in
   * UTF-8). With another key the same person gets another pseudonym. Required.
   */
  pseudonymKey: string | Uint8Array
}

/** A signed checkpoint: the line `seq` of this chain has this hash. */
export interface Note {
  /** As in the options of the log. */
  readonly origin: string
  /** The file that the checkpoint stands in, with the folder of its tenant. */
  readonly file: string
  /** The number of the line before the checkpoint; 0 where there is none. */
  readonly seq: number
  /** SHA-256 of that line, in base64url. */
  readonly hash: string
  /** Milliseconds since the epoch. */
  readonly time: number
  /** The key that signed it. */
  readonly kid: string
  /** Ed25519, in base64url. */
  readonly signature: string
}

/** A sink that writes a hash-chained, signed log. */
export interface AuditLog extends AuditSink {
  /** Takes a record to be written within 50 ms. Throws, and says so in the chain, where 16 MiB wait already. */
  write(record: AuditRecord): void
  /** Resolves once the record is written and flushed to the disk; many records share a flush. Rejects where that failed: the record is then not in the log. */
  writeRequired(record: AuditRecord): Promise<void>
  /** Whether the last write succeeded, how many records wait, how many were lost, and the system's code of the last error. */
  health(): AuditLogHealth
  /** Writes what waits, and a last checkpoint. Rejects where that failed. */
  close(): Promise<void>
}

export interface AuditLogHealth {
  /** `failing`: the last write of some chain failed. */
  readonly state: 'ready' | 'failing' | 'closed'
  /** Records that are taken and not yet written. */
  readonly waiting: number
  /** Records that were not taken, or could not be written as JSON. `dropped` records in the chain say how many. */
  readonly lost: number
  /** The system's code, such as `ENOSPC`. */
  readonly lastError?: string
}

/** Settings of `verifyAuditLog()`. */
export interface VerifyOptions {
  /**
   * Notes that `onCheckpoint` gave, kept elsewhere: the latest of each process and tenant, or all. What they name must be
   * there. Default: none, and then a removed end is not found.
   */
  latest?: readonly Note[] | undefined
}

/** What `verifyAuditLog()` found. */
export interface AuditLogReport {
  /** Events in the log, without `dropped` records. */
  readonly events: number
  /** Good ones alone. */
  readonly checkpoints: number
  /** Everything that is wrong, at most 1 000 entries. Empty: the log is as it was signed. */
  readonly faults: readonly AuditLogFault[]
  /** `witnessed`: each chain ends with a checkpoint that one of the notes names, so that nothing is missing behind it. */
  readonly tail: 'witnessed' | 'unwitnessed'
  /** Files that end in half a line or hold nothing, as a crash leaves them. */
  readonly unfinished: readonly string[]
}

export interface AuditLogFault {
  /** From the directory, with `/`. Control characters are escaped. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** For people: its wording may change. It quotes nothing from the log. */
  readonly what: string
}
