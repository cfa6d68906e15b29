import type { RefusalCode } from '../refusal/table.ts'
import type { Party } from './context.ts'
import type { Facts } from './verdict.ts'

export interface AuditSink {
  write(event: AuditEvent): void | Promise<void>
}

export interface AuditEvent {
  readonly version: 1
  readonly id: string
  /** The same for the authentication event and every access event of one request. */
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly phase: 'authentication' | 'access'
  readonly decision: 'admitted' | 'refused'
  readonly code: RefusalCode | null
  readonly method: string
  readonly issuer: string | null
  readonly principal: Party | null
  readonly actor: Party | null
  readonly chain: readonly Party[]
  readonly client: string | null
  readonly scopesRequired: readonly string[]
  readonly scopesGranted: readonly string[]
  readonly sender: { readonly method: 'dpop' | 'mtls' | 'dpop+mtls' | 'none'; readonly thumbprint: string | null }
  readonly proof: {
    readonly result: 'none' | 'valid' | 'refused'
    readonly iatOffset: number | null
    readonly replayed: boolean
  }
  /** The token's id; until its signature holds, `h:` and the SHA-256 of the token; null where there was none. */
  readonly tokenId: string | null
  readonly relaxations: readonly string[]
  readonly facts?: Facts
}
