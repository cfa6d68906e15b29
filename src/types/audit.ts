import type { RefusalCode } from '../refusal/table.ts'
import type { EntityKind, Party, WarningCode } from './context.ts'
import type { Facts } from './verdict.ts'

/** Where audit events go: an object with `write`, or the function alone. */
export type Sink = AuditSink | ((record: AuditRecord) => void | Promise<void>)

export interface AuditSink {
  /**
   * Takes one record at a time. An error, a rejection, or no answer within `hookTimeoutMs` counts as failed, and the next
   * record is written.
   */
  write(record: AuditRecord): void | Promise<void>
  /** Called in the place of `write` where the sink is `required`, for sinks that keep such records more safely. */
  writeRequired?(record: AuditRecord): void | Promise<void>
  /** Called once by `verifier.close()`, after the last write. */
  close?(): void | Promise<void>
}

/** A sink with settings of its own. */
export interface AuditSetting {
  /** Where the events go. Required. */
  sink: Sink
  /** Whether a request is refused (`audit_unavailable`) when its event cannot be written. Default: false. */
  required?: true | undefined
}

/** What a sink gets: an event, or how many events before it were dropped. */
export type AuditRecord = AuditEvent | DroppedRecord

/** Says that events were dropped because the sink was too slow. */
export interface DroppedRecord {
  readonly version: 1
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly time: number
  /** How many, since the last such record. */
  readonly dropped: number
}

/** One decision. Until the token's signature holds it carries no claim of the token. */
export interface AuditEvent {
  readonly version: 1
  readonly id: string
  /** The same for the authentication event and every access event of one request. */
  readonly requestId: string
  /** The trace id of `traceparent` (W3C Trace Context); null where there is none or it is malformed. */
  readonly traceId: string | null
  /** `X-Request-Id`, where it is up to 64 characters of `[A-Za-z0-9._-]`; else null. The caller chose it. */
  readonly correlationId: string | null
  /** Milliseconds since the epoch. */
  readonly time: number
  /** How long the decision took, in microseconds of the monotonic clock. */
  readonly durationMicros: number
  readonly phase: 'authentication' | 'access'
  /** `observed`: judged beside the request, which neither waited nor was refused. */
  readonly decision: 'admitted' | 'refused' | 'observed'
  readonly code: RefusalCode | null
  /** The HTTP status of a refusal; null for an admission. */
  readonly status: number | null
  readonly request: AuditedRequest
  /** The member of the requirement that refused or could not be judged, `where:NAME` for a rule with a name. */
  readonly rule: string | null
  /** What the request would have been refused for, were every check enforced; empty where nothing is only reported. */
  readonly wouldRefuse: readonly RefusalCode[]
  readonly issuer: string | null
  /** The configured issuer, for metrics; 'other' for an issuer of a resolver, '' until the signature of the token holds. */
  readonly issuerLabel: string
  readonly principal: Party | null
  readonly actor: Party | null
  readonly chain: readonly Party[]
  readonly authority: 'delegated' | 'independent' | 'undetermined' | null
  readonly involvesAgent: boolean
  readonly client: string | null
  /** The kinds of principal and actor; null where the parties are not known. */
  readonly kinds: readonly [principal: EntityKind, actor: EntityKind] | null
  readonly scopesRequired: readonly string[]
  readonly scopesGranted: readonly string[]
  readonly sender: {
    /** The kind of proof that `cnf` demands, proven or not; null until the signature of the token holds. */
    readonly method: 'dpop' | 'mtls' | 'dpop+mtls' | 'none' | null
    /** Of the proven key, else of the proven certificate. */
    readonly thumbprint: string | null
  }
  /** The DPoP proof; the certificate where the token is bound to that alone. */
  readonly proof: {
    readonly result: 'none' | 'valid' | 'refused' | 'replayed'
    readonly iatOffset: number | null
    /** null: the replay memory was not asked, or did not answer. */
    readonly replayed: boolean | null
  }
  /** The token's id; until its signature holds, `t:` and the SHA-256 of the token; null where there was none. */
  readonly tokenId: string | null
  /** `exp` minus `iat`. */
  readonly tokenLifetimeSeconds: number | null
  readonly relaxations: readonly string[]
  readonly warnings: readonly WarningCode[]
  readonly facts?: EventFacts
}

export interface AuditedRequest {
  readonly method: string
  /** Without query, at most 512 characters. */
  readonly path: string
  /** The pattern that the framework chose, on access events; on authentication events only where it had chosen by then. */
  readonly route: string | null
  /** What the request asks for where the path does not say it: the method and name of an MCP request. Else null. */
  readonly operation: string | null
  /** The remote address of the socket. */
  readonly address: string | null
}

/** The facts of the refusal, and what a `where` rule said about its answer. */
export interface EventFacts extends Facts {
  readonly reason?: string
  readonly policyVersion?: string
}
