import type { Contexts } from '../context/agent-context.ts'
import type { AccountableToken } from '../context/standing.ts'
import { andThen, type MaybePromise, synchronousBoolean } from '../internal/maybe-promise.ts'
import type { Policy } from '../options/policy.ts'
import { type Denial, type Findings, strict } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AgentContext, Party } from '../types/context.ts'
import type { Facts } from '../types/verdict.ts'
import { AccessDenial, type Allowance, type Judgement } from './judgement.ts'
import { type CompiledPartyRule, matchesParty, type PartyIssuers, partyIssuersOf } from './party-rule.ts'
import type { Requirement } from './requirement.ts'
import { askWhere } from './where.ts'

/** What a requirement is judged by beside the context and the request. */
export interface AccessSetting {
  /** Read only where a requirement asks for the age of an authentication. */
  nowSeconds(): number
  readonly toleranceSeconds: number
  /** The verifier's; where there is only one, it is the issuer of a party rule that names none. */
  readonly issuers: PartyIssuers
  readonly hookTimeoutMs: number
}

type AccessPolicy = Pick<Policy, 'clock' | 'token' | 'issuers' | 'resolvers' | 'hookTimeoutMs'>

export function accessSetting(policy: AccessPolicy): AccessSetting {
  const { clock, token, hookTimeoutMs } = policy
  return {
    hookTimeoutMs,
    nowSeconds: () => clock.now() / 1_000,
    toleranceSeconds: token.toleranceSeconds,
    issuers: partyIssuersOf(policy),
  }
}

declare const allowed: unique symbol

/** An accountable token that the baseline allows on this request. Only this file makes one. */
export type AllowedToken = AccountableToken & { readonly [allowed]: true }

export interface BaselineCheck {
  check(accountable: AccountableToken, request: object): MaybePromise<AllowedToken | Denial>
}

/** Of requests whose baseline said something about allowing them. */
const allowances = new WeakMap<AllowedToken, Allowance>()

/** What the audit notes of the baseline. */
export function allowanceOf(token: AllowedToken): Allowance | undefined {
  return allowances.get(token)
}

/** Step 5 for every route. A route's own requirement is judged by route-authorizer.ts. */
export function createBaselineCheck(
  policy: AccessPolicy & Pick<Policy, 'access'>,
  { contextOf }: Contexts,
): BaselineCheck {
  const { access: baseline } = policy
  const setting = accessSetting(policy)
  return {
    check(accountable, request) {
      const token = accountable as AllowedToken
      if (baseline === undefined) return token
      return andThen(checkAccess(baseline, contextOf(accountable), request, setting), (judgement) => {
        if (judgement instanceof AccessDenial) return judgement
        if (judgement !== undefined) allowances.set(token, judgement)
        return token
      })
    },
  }
}

/** Does the context meet the requirement? Permanent failures first, then those a caller can fix; `where` is asked last. */
export function checkAccess(
  requirement: Requirement,
  context: AgentContext,
  request: unknown,
  setting: AccessSetting,
  found: Findings = strict,
): MaybePromise<Judgement> {
  if (requirement.denial !== undefined) return requirement.denial
  const denial =
    found.enforced(checkParty('actor', requirement.actor, context.actor, setting)) ??
    found.enforced(checkParty('principal', requirement.principal, context.principal, setting)) ??
    found.enforced(checkPair(requirement, context)) ??
    found.enforced(checkAuthority(requirement, context)) ??
    found.enforced(checkAgents(requirement, context)) ??
    found.enforced(checkLength(requirement, context)) ??
    found.enforced(checkSender(requirement, context)) ??
    found.enforced(checkDetails(requirement, context, request)) ??
    found.enforced(checkHeld('roles', requirement.roles, context.roles)) ??
    found.enforced(checkHeld('permissions', requirement.permissions, context.permissions)) ??
    found.enforced(checkAuthentication(requirement, context, setting)) ??
    found.enforced(checkScopes(requirement, context))
  if (denial !== undefined || requirement.where === undefined) return denial
  return askWhere(requirement.where, context, request, setting.hookTimeoutMs)
}

function checkParty(
  name: 'actor' | 'principal',
  rule: CompiledPartyRule | undefined,
  party: Party,
  { issuers }: AccessSetting,
): AccessDenial | undefined {
  if (rule === undefined) return undefined
  const isMet = typeof rule === 'function' ? synchronousBoolean(() => rule(party)) : matchesParty(rule, party, issuers)
  return isMet === true ? undefined : deny(name, isMet, 'actor_unauthorized')
}

function checkPair({ pair }: Requirement, { principal, actor }: AgentContext): AccessDenial | undefined {
  if (pair === undefined) return undefined
  const isMet = synchronousBoolean(() => pair(principal, actor))
  return isMet === true ? undefined : deny('pair', isMet, 'actor_unauthorized')
}

/** A rule of the user's own that answers neither true nor false could not be judged: 503. */
function deny(rule: string, answer: false | undefined, code: RefusalCode): AccessDenial {
  return new AccessDenial(answer === undefined ? 'policy_unavailable' : code, rule)
}

function checkAuthority({ authority }: Requirement, context: AgentContext): AccessDenial | undefined {
  if (authority === undefined || authority === context.authority) return undefined
  return new AccessDenial('authority_required', 'authority')
}

function checkAgents({ denyIfAgentInvolved }: Requirement, context: AgentContext): AccessDenial | undefined {
  if (!denyIfAgentInvolved || !(context.involvesAgent || isIncomplete(context))) return undefined
  return new AccessDenial('access_denied', 'denyIfAgentInvolved')
}

function checkLength({ maxDepth }: Requirement, context: AgentContext): AccessDenial | undefined {
  if (maxDepth === undefined) return undefined
  const depth = isIncomplete(context) ? Number.POSITIVE_INFINITY : (context.delegation?.depth ?? 0)
  return depth <= maxDepth ? undefined : new AccessDenial('access_denied', 'maxDepth')
}

/** A chain that is known to lack someone cannot meet a rule about everyone in it. */
function isIncomplete({ delegation }: AgentContext): boolean {
  return delegation?.complete === false
}

function checkSender({ sender }: Requirement, context: AgentContext): AccessDenial | undefined {
  if (sender === undefined || context.sender.method.includes(sender)) return undefined
  return new AccessDenial('access_denied', 'sender')
}

/** One detail alone must allow. A detail that could not be judged is an outage only where no other one allows. */
function checkDetails({ details }: Requirement, context: AgentContext, request: unknown): AccessDenial | undefined {
  if (details === undefined) return undefined
  let answer: false | undefined = false
  for (const detail of context.authorizationDetails) {
    if (detail.type !== details.type) continue
    const isMet = synchronousBoolean(() => details.allows(detail, context, request))
    if (isMet === true) return undefined
    if (isMet === undefined) answer = undefined
  }
  return deny('details', answer, 'details_missing')
}

function checkHeld(
  rule: 'roles' | 'permissions',
  wanted: readonly string[],
  granted: readonly string[],
): AccessDenial | undefined {
  if (wanted.every((name) => granted.includes(name))) return undefined
  return new AccessDenial('permission_missing', rule, { facts: { wanted, granted } })
}

/** RFC 9470 §5 and §6: an absent claim satisfies nothing. */
function checkAuthentication(
  { acr, maxAuthAgeSeconds }: Requirement,
  { authentication }: AgentContext,
  { nowSeconds, toleranceSeconds }: AccessSetting,
): AccessDenial | undefined {
  if (acr !== undefined && !(authentication.acr !== undefined && acr.includes(authentication.acr))) {
    return new AccessDenial('authentication_insufficient', 'acr')
  }
  if (maxAuthAgeSeconds === undefined) return undefined
  const age = nowSeconds() - (authentication.time ?? Number.NaN)
  // An authentication in the future proves nothing.
  const isRecent = age <= maxAuthAgeSeconds && age >= -toleranceSeconds
  return isRecent ? undefined : new AccessDenial('authentication_insufficient', 'maxAuthAgeSeconds')
}

function checkScopes({ scopes, anyScope }: Requirement, context: AgentContext): AccessDenial | undefined {
  const granted = context.scopes
  const missing = (wanted: readonly string[]) => ({ facts: { wanted, granted, ...unreadScopes(context) } })
  if (!scopes.every((scope) => granted.includes(scope)))
    return new AccessDenial('scope_missing', 'scopes', missing(scopes))
  if (anyScope.length === 0 || anyScope.some((scope) => granted.includes(scope))) return undefined
  return new AccessDenial('scope_missing', 'anyScope', missing(anyScope))
}

/** For the operator: the token has scopes where its dialect does not look. */
function unreadScopes({ scopes, token }: AgentContext): Facts {
  const claim = scopes.length > 0 ? undefined : ['scp', 'scopes'].find((name) => Object.hasOwn(token.claims, name))
  return claim === undefined ? {} : { claim, hint: 'issuer.dialect' }
}
