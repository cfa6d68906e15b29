import type { AgentContext, AuthorizationDetail, EntityKind, Party } from './context.ts'

/**
 * What a route, or with the `access` option every route, requires of an admitted request. All members must hold; an absent
 * member requires nothing. A wrong member throws {@link OptionsError} when the requirement is read.
 *
 * Functions must answer synchronously; only `where` may answer later. `true` allows and `false` refuses. Any other answer,
 * a promise and an exception mean that the rule could not be judged: `policy_unavailable`.
 */
export interface AccessRequirement<R = unknown> {
  /** Scopes that the token must all have (RFC 6749 §3.3); else `scope_missing`. Default: no scope. */
  scopes?: readonly string[] | undefined
  /** Scopes of which the token must have one; else `scope_missing`, and the challenge names the first. Default: no scope. */
  anyScope?: readonly string[] | undefined
  /**
   * `'delegated'`: an actor acts for another principal. `'independent'`: the principal acts for itself. Otherwise
   * `authority_required`. Default: any, also an undetermined one.
   */
  authority?: 'delegated' | 'independent' | undefined
  /** The principal, whose authority is used; else `actor_unauthorized`. Default: any. */
  principal?: PartyRule | undefined
  /** The actor, who performs the action; else `actor_unauthorized`. Earlier actors are not judged. Default: any. */
  actor?: PartyRule | undefined
  /** Judges principal and actor together, on every request; else `actor_unauthorized`. Default: any pair. */
  pair?: ((principal: Party, actor: Party) => boolean) | undefined
  /** Longest delegation chain, which must not be known to be incomplete; else `access_denied`. From 0 to 100. Default: no bound but `delegation.maxDepth`. */
  maxDepth?: number | undefined
  /**
   * Refuses (`access_denied`) when the principal, an actor of the chain or the client is an agent. A party that nothing
   * classifies is not known to be an agent; a chain that is known to be incomplete is refused. Default: false.
   */
  denyIfAgentInvolved?: boolean | undefined
  /** The kind of proof that must have been verified; both kinds together meet either. Else `access_denied`. Default: any. */
  sender?: 'dpop' | 'mtls' | undefined
  /** Values of which the `acr` claim must be one; else `authentication_insufficient` (RFC 9470 §3). Default: any. */
  acr?: readonly string[] | undefined
  /**
   * How long ago the user may have authenticated (`auth_time`), in whole seconds; else `authentication_insufficient` (RFC
   * 9470 §3). A token without `auth_time` is refused. From 0 to 31 536 000. Default: no bound.
   */
  maxAuthAgeSeconds?: number | undefined
  /** A rule for one type of authorization details (RFC 9396 §2); else `details_missing`. Default: no rule. */
  details?: DetailRule<R> | undefined
  /** Roles of the token (`roles`) that it must all have; else `permission_missing`. Default: no role. */
  roles?: readonly string[] | undefined
  /** Permissions of the token (`permissions`) that it must all have; else `permission_missing`. Default: no permission. */
  permissions?: readonly string[] | undefined
  /**
   * A rule of your own for context and request, or one with a name for documents and audit. It is asked last, when all
   * other members hold. No answer within `hookTimeoutMs` is `policy_unavailable`. Default: no rule.
   */
  where?: Rule<R> | { name: string; test: Rule<R> } | undefined
  /** Keeps the scopes of this requirement out of `scopes_supported` (RFC 9728 §2). It changes no decision. Default: false. */
  hidden?: boolean | undefined
  /**
   * Tries the requirement by itself: it is judged, and its refusal stands in `wouldRefuse` and in the audit, but nothing is
   * refused, also where a rule could not be judged. Its scopes are in no challenge. The baseline and every other requirement
   * are enforced. Not allowed in the baseline. Default: the requirement is enforced.
   */
  reportOnly?: true | undefined
}

/** A rule for context and request, which answers at once or later. */
export type Rule<R = unknown> = (context: AgentContext, request: R) => Answer | Promise<Answer>

/**
 * `false` refuses with `access_denied`. An answer with `acr` beside `allow: false` refuses with
 * `authentication_insufficient` and asks for one of these values (RFC 9470 §3). Only own members count.
 */
export type Answer =
  | boolean
  | {
      /** Whether the action is allowed. */
      allow: boolean
      /** For the audit event alone. */
      reason?: string | undefined
      /** Values for `acr_values`, in the characters of RFC 6749 §3.3. */
      acr?: readonly string[] | undefined
      /** Which version of the policy answered, for the audit event alone. */
      policyVersion?: string | undefined
    }

/** A rule for authorization details of one type (RFC 9396 §2). */
export interface DetailRule<R = unknown> {
  /** The `type` of the details to judge, compared character by character. Required. */
  type: string
  /**
   * Judges one detail. A single detail of the type must allow the action: details are never combined. Their other members
   * are not checked before. Required.
   */
  allows(detail: AuthorizationDetail, context: AgentContext, request: R): boolean
}

/** A rule for one party: members that must all hold, or a function. A rule needs at least one member. */
export type PartyRule =
  | {
      /**
       * A configured issuer, which must have signed the token and, where the token names a namespace for the party, be
       * that namespace. With `subject` it is required, unless exactly one issuer is configured: then that one is meant.
       */
      issuer?: string | undefined
      /** The subject, or several of which it must be one, compared character by character. */
      subject?: string | readonly string[] | undefined
      /** The kind, or several of which it must be one. A party that nothing classifies has the kind `'unknown'`. */
      kind?: EntityKind | readonly EntityKind[] | undefined
    }
  | ((party: Party) => boolean)
