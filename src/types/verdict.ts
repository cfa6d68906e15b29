import type { RefusalCode } from '../refusal/table.ts'
import type { AgentContext } from './context.ts'

export type HeaderList = readonly (readonly [name: string, value: string])[]

export type Verdict =
  | {
      readonly ok: true
      readonly context: AgentContext
      readonly headers: HeaderList
      /** What the request would have been refused for, were `reportOnly` not set: in the order of the checks. */
      readonly wouldRefuse: readonly RefusalCode[]
    }
  | { readonly ok: false; readonly refusal: Refusal }

export type Decision =
  | {
      readonly ok: true
      /** What the requirement would have refused for; empty unless its `reportOnly` is true. */
      readonly wouldRefuse: readonly RefusalCode[]
    }
  | { readonly ok: false; readonly refusal: Refusal }

export interface Refusal {
  readonly code: RefusalCode
  readonly status: number
  readonly error: string | null
  readonly headers: HeaderList
  readonly body: Problem
  /** For the operator, never on the wire. */
  readonly facts: Facts
}

/** RFC 9457, constant text. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly error?: string
  readonly error_description?: string
  readonly code?: RefusalCode
}

export interface Facts {
  /** The option path that would admit it. */
  readonly hint?: string
  readonly expectedTarget?: string
  readonly receivedTarget?: string
  readonly expectedMethod?: string
  readonly receivedMethod?: string
  readonly expectedAudience?: string
  readonly receivedAudience?: string
  readonly issuer?: string
  readonly typ?: string
  readonly algorithm?: string
  readonly keyId?: string
  /** The scheme that fits the binding of the token. */
  readonly expectedScheme?: 'Bearer' | 'DPoP'
  readonly receivedScheme?: 'Bearer' | 'DPoP'
  readonly lifetimeSeconds?: number
  /** Seconds since the token's `exp`, without the tolerance. */
  readonly expiredBy?: number
  /** Seconds the proof's or token's `iat` lies ahead of (positive) or behind (negative) our clock. */
  readonly iatOffset?: number
  /** First 8 characters. */
  readonly expectedThumbprint?: string
  /** First 8 characters. */
  readonly receivedThumbprint?: string
  /** The member of a token or proof that is missing or malformed: its name, never its value. */
  readonly claim?: string
  /** Scopes, roles or permissions that the rule names. */
  readonly wanted?: readonly string[]
  /** Scopes, roles or permissions that the token has. */
  readonly granted?: readonly string[]
  /** Why, in words of this package; of an outage also the code of the system, such as `ECONNREFUSED`. It quotes no error. */
  readonly cause?: string
}
