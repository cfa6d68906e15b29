import type { Step } from '../audit/request-state.ts'
import { andThen, isTrue, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AgentContext } from '../types/context.ts'
import type { Requirement } from './requirement.ts'

/** What a challenge says of the route: everything it needs, whatever lacks. */
export interface Needs {
  readonly scopes: readonly string[]
  readonly acr: readonly string[] | undefined
  readonly maxAuthAgeSeconds: number | undefined
}

/** Read only where a requirement asks for the age of an authentication. */
export interface AccessTime {
  nowSeconds(): number
  readonly toleranceSeconds: number
}

export function accessTime({ clock, token }: Pick<Policy, 'clock' | 'token'>): AccessTime {
  return { nowSeconds: () => clock.now() / 1_000, toleranceSeconds: token.toleranceSeconds }
}

/** Step 5 for every route; a route's own requirement is judged by authorize.ts. */
export function createFloorStep(policy: Pick<Policy, 'access' | 'clock' | 'token'>): Step {
  const time = accessTime(policy)
  return function checkFloor({ token, request }) {
    if (policy.access === undefined || token?.context === undefined) return undefined
    return checkAccess(policy.access, token.context, request, time)
  }
}

/** Does the context meet the requirement? First what the caller cannot cure, then what it can, said together. */
export function checkAccess(
  requirement: Requirement,
  context: AgentContext,
  request: unknown,
  time: AccessTime,
): MaybePromise<Denial | undefined> {
  const code = judgeParties(requirement, context)
  if (code !== undefined) return new Denial(code)
  const { where } = requirement
  if (where === undefined) return checkGrants(requirement, context, request, time)
  return andThen(
    // Any answer but true, an error and a silence refuse alike.
    settle(() => where(context, request), false),
    (answer) => (answer === true ? checkGrants(requirement, context, request, time) : new Denial('access_denied')),
  )
}

function judgeParties(requirement: Requirement, context: AgentContext): RefusalCode | undefined {
  const { principal, actor } = context
  if (requirement.actor !== undefined && !holds(requirement.actor, actor)) return 'actor_unauthorized'
  if (requirement.principal !== undefined && !holds(requirement.principal, principal)) return 'actor_unauthorized'
  if (requirement.pair !== undefined && !holds(requirement.pair, principal, actor)) return 'actor_unauthorized'
  if (requirement.authority !== undefined && requirement.authority !== context.authority) return 'authority_required'
  if (requirement.denyIfAgentInvolved && context.involvesAgent) return 'access_denied'
  const depth = context.delegation?.depth ?? 0
  if (requirement.maxDepth !== undefined && depth > requirement.maxDepth) return 'access_denied'
  if (requirement.sender !== undefined && !context.sender.method.includes(requirement.sender)) return 'access_denied'
  return undefined
}

/** A rule of the user's: only `true` is yes; a promise, a truthy value or an exception is no. */
function holds<A extends unknown[]>(rule: (...parties: A) => boolean, ...parties: A): boolean {
  return isTrue(() => rule(...parties))
}

function checkGrants(
  requirement: Requirement,
  context: AgentContext,
  request: unknown,
  time: AccessTime,
): Denial | undefined {
  const { details } = requirement
  if (details !== undefined) {
    const ofType = context.authorizationDetails.filter((detail) => detail.type === details.type)
    if (!ofType.some((detail) => holds(details.allows, detail, context, request))) return new Denial('details_missing')
  }
  if (!isAuthenticated(requirement, context, time)) return new Denial('authentication_insufficient')
  return hasScopes(requirement, context.scopes) ? undefined : new Denial('scope_missing')
}

/** RFC 9470 §5 and §6: an absent claim satisfies nothing. */
function isAuthenticated({ acr, maxAuthAgeSeconds }: Requirement, context: AgentContext, time: AccessTime): boolean {
  const { authentication } = context
  if (acr !== undefined && !(authentication.acr !== undefined && acr.includes(authentication.acr))) return false
  if (maxAuthAgeSeconds === undefined) return true
  const age = time.nowSeconds() - (authentication.time ?? Number.NaN)
  // An authentication yet to come proves nothing.
  return age <= maxAuthAgeSeconds && age >= -time.toleranceSeconds
}

function hasScopes({ scopes, anyScope }: Requirement, granted: readonly string[]): boolean {
  return (
    scopes.every((scope) => granted.includes(scope)) &&
    (anyScope.length === 0 || anyScope.some((scope) => granted.includes(scope)))
  )
}

/** The floor's and the route's needs together; of `anyScope` the first stands for all. */
export function needsOf(...requirements: readonly (Requirement | undefined)[]): Needs {
  const scopes = new Set<string>()
  let acr: readonly string[] | undefined
  let maxAuthAgeSeconds: number | undefined
  for (const requirement of requirements) {
    if (requirement === undefined) continue
    for (const scope of requirement.scopes) scopes.add(scope)
    if (requirement.anyScope[0] !== undefined) scopes.add(requirement.anyScope[0])
    acr = requirement.acr ?? acr
    const age = requirement.maxAuthAgeSeconds ?? maxAuthAgeSeconds
    maxAuthAgeSeconds = age === undefined ? undefined : Math.min(age, maxAuthAgeSeconds ?? age)
  }
  return { scopes: Object.freeze([...scopes]), acr, maxAuthAgeSeconds }
}
