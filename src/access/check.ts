import type { Contexts } from '../context/agent-context.ts'
import type { DelegatedToken } from '../context/parties.ts'
import { andThen, isTrue, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AgentContext, Party } from '../types/context.ts'
import { type CompiledPartyRule, matchesParty } from './party-rule.ts'
import type { Requirement } from './requirement.ts'

/** What a requirement is judged by beside the context and the request. */
export interface AccessSetting {
  /** Read only where a requirement asks for the age of an authentication. */
  nowSeconds(): number
  readonly toleranceSeconds: number
  /** The verifier's; where there is only one, it is the issuer of a party rule that names none. */
  readonly issuers: readonly string[]
}

export function accessSetting({ clock, token, issuers }: Pick<Policy, 'clock' | 'token' | 'issuers'>): AccessSetting {
  return {
    nowSeconds: () => clock.now() / 1_000,
    toleranceSeconds: token.toleranceSeconds,
    issuers: [...issuers.keys()],
  }
}

declare const allowed: unique symbol

/** A delegated token that the baseline allows on this request. Only this file makes one. */
export type AllowedToken = DelegatedToken & { readonly [allowed]: true }

export interface BaselineCheck {
  check(delegated: DelegatedToken, request: object): MaybePromise<AllowedToken | Denial>
}

/** Step 5 for every route. A route's own requirement is judged by authorize.ts. */
export function createBaselineCheck(
  policy: Pick<Policy, 'access' | 'issuers' | 'clock' | 'token'>,
  { contextOf }: Contexts,
): BaselineCheck {
  const { access: baseline } = policy
  const setting = accessSetting(policy)
  return {
    check(delegated, request) {
      const token = delegated as AllowedToken
      if (baseline === undefined) return token
      return andThen(checkAccess(baseline, contextOf(delegated), request, setting), (denial) => denial ?? token)
    },
  }
}

/** Does the context meet the requirement? Permanent failures first; then those a caller can fix, reported together. */
export function checkAccess(
  requirement: Requirement,
  context: AgentContext,
  request: unknown,
  setting: AccessSetting,
): MaybePromise<Denial | undefined> {
  const code = judgeParties(requirement, context, setting.issuers)
  if (code !== undefined) return new Denial(code)
  const { where } = requirement
  if (where === undefined) return checkGrants(requirement, context, request, setting)
  return andThen(
    // Any answer but true, an error or a timeout refuses.
    settle(() => where(context, request), false),
    (answer) => (answer === true ? checkGrants(requirement, context, request, setting) : new Denial('access_denied')),
  )
}

function judgeParties(
  requirement: Requirement,
  context: AgentContext,
  issuers: readonly string[],
): RefusalCode | undefined {
  const { principal, actor } = context
  if (!meetsRule(requirement.actor, actor, issuers)) return 'actor_unauthorized'
  if (!meetsRule(requirement.principal, principal, issuers)) return 'actor_unauthorized'
  if (requirement.pair !== undefined && !holds(requirement.pair, principal, actor)) return 'actor_unauthorized'
  if (requirement.authority !== undefined && requirement.authority !== context.authority) return 'authority_required'
  if (requirement.denyIfAgentInvolved && context.involvesAgent) return 'access_denied'
  const depth = context.delegation?.depth ?? 0
  if (requirement.maxDepth !== undefined && depth > requirement.maxDepth) return 'access_denied'
  if (requirement.sender !== undefined && !context.sender.method.includes(requirement.sender)) return 'access_denied'
  return undefined
}

function meetsRule(rule: CompiledPartyRule | undefined, party: Party, issuers: readonly string[]): boolean {
  if (rule === undefined) return true
  return typeof rule === 'function' ? holds(rule, party) : matchesParty(rule, party, issuers)
}

/** A rule of the user's own: anything but `true` refuses, also a truthy value, an exception or a promise. */
function holds<A extends unknown[]>(rule: (...parties: A) => boolean, ...parties: A): boolean {
  return isTrue(() => rule(...parties))
}

function checkGrants(
  requirement: Requirement,
  context: AgentContext,
  request: unknown,
  setting: AccessSetting,
): Denial | undefined {
  const { details } = requirement
  if (details !== undefined) {
    const ofType = context.authorizationDetails.filter((detail) => detail.type === details.type)
    if (!ofType.some((detail) => holds(details.allows, detail, context, request))) return new Denial('details_missing')
  }
  if (!isAuthenticated(requirement, context, setting)) return new Denial('authentication_insufficient')
  return hasScopes(requirement, context.scopes) ? undefined : new Denial('scope_missing')
}

/** RFC 9470 §5 and §6: an absent claim satisfies nothing. */
function isAuthenticated(
  { acr, maxAuthAgeSeconds }: Requirement,
  context: AgentContext,
  { nowSeconds, toleranceSeconds }: AccessSetting,
): boolean {
  const { authentication } = context
  if (acr !== undefined && !(authentication.acr !== undefined && acr.includes(authentication.acr))) return false
  if (maxAuthAgeSeconds === undefined) return true
  const age = nowSeconds() - (authentication.time ?? Number.NaN)
  // An authentication in the future proves nothing.
  return age <= maxAuthAgeSeconds && age >= -toleranceSeconds
}

function hasScopes({ scopes, anyScope }: Requirement, granted: readonly string[]): boolean {
  return (
    scopes.every((scope) => granted.includes(scope)) &&
    (anyScope.length === 0 || anyScope.some((scope) => granted.includes(scope)))
  )
}
