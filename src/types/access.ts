import type { AgentContext, AuthorizationDetail, EntityKind, Party } from './context.ts'

export interface AccessRequirement<R = unknown> {
  /** All of them. */
  scopes?: readonly string[] | undefined
  anyScope?: readonly string[] | undefined
  authority?: 'delegated' | 'independent' | undefined
  principal?: PartyRule | undefined
  actor?: PartyRule | undefined
  /** Authorise the pair, on every request. */
  pair?: ((principal: Party, actor: Party) => boolean) | undefined
  maxDepth?: number | undefined
  denyIfAgentInvolved?: boolean | undefined
  sender?: 'dpop' | 'mtls' | undefined
  /** Any of them satisfies (RFC 9470). */
  acr?: readonly string[] | undefined
  maxAuthAgeSeconds?: number | undefined
  /** RFC 9396. Several details of one type: any may allow, never mixed. */
  details?: DetailRule<R> | undefined
  where?: Predicate<R> | { name: string; test: Predicate<R> } | undefined
  /** Kept out of `scopes_supported`. */
  hidden?: boolean | undefined
}

export type Predicate<R = unknown> = (context: AgentContext, request: R) => boolean | Promise<boolean>

export interface DetailRule<R = unknown> {
  type: string
  allows(detail: AuthorizationDetail, context: AgentContext, request: R): boolean
}

/** A rule with a subject needs an issuer; with exactly one configured issuer that one is meant. */
export type PartyRule =
  | {
      issuer?: string | undefined
      subject?: string | readonly string[] | undefined
      kind?: EntityKind | readonly EntityKind[] | undefined
    }
  | ((party: Party) => boolean)
