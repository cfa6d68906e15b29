import { numbers } from '../options/defaults.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AgentContext } from '../types/context.ts'
import type { Verifier } from '../types/verifier.ts'
import { checkAccess } from './check-access.ts'
import { AccessDenial } from './judgement.ts'
import { problemsFor, type Requirement } from './requirement.ts'

/** What the routes of an app ask for, as data: for reviews, for documents, for the metadata's `scopes_supported`. */

type Handler = (...parameters: never[]) => unknown

/** Which requirement a framework's handler stands for. */
const guards = new WeakMap<Handler, Requirement>()

/** Remembers that `handler` enforces `requirement`, so that an adapter that reads the app's routes finds it. */
export function declareRouteGuard<T extends Handler>(handler: T, requirement: Requirement): T {
  guards.set(handler, requirement)
  return handler
}

export function requirementOf(handler: unknown): Requirement | undefined {
  return typeof handler === 'function' ? guards.get(handler as Handler) : undefined
}

/** One of several operations of a route, which the path does not tell apart. */
export interface GuardedOperation {
  readonly operation: string
  readonly requirement: Requirement
}

const operationGuards = new WeakMap<Handler, readonly GuardedOperation[]>()

/** Remembers that `handler` judges each of these operations by a requirement of its own. */
export function declareOperations<T extends Handler>(handler: T, operations: readonly GuardedOperation[]): T {
  operationGuards.set(handler, operations)
  return handler
}

export function operationsOf(handler: unknown): readonly GuardedOperation[] | undefined {
  return typeof handler === 'function' ? operationGuards.get(handler as Handler) : undefined
}

/** A route as an adapter finds it. */
export interface GuardedRoute {
  readonly method: string
  /** With the mount prefix; `?` stands for a part the router does not tell. */
  readonly path: string
  readonly requirements: readonly Requirement[]
  /** What a guard judges one by one, beyond the requirements. */
  readonly operations?: readonly GuardedOperation[]
  /** The verifier whose `agentAuth` runs last before the route; undefined where that is unknown or no guard runs. */
  readonly verifier?: Verifier | undefined
  /** No `agentAuth` stands before it, or an optional one. */
  readonly open?: true
  /** More may stand before it than is listed, or what is listed may not see every request of it. */
  readonly unclear?: true
}

export interface RouteSummary {
  readonly method: string
  readonly path: string
  /** What the path does not tell, such as a tool of an MCP server. */
  readonly operation?: string
  /** Requirement by requirement, functions by name. Empty: any admitted request. */
  readonly requirements: readonly Readonly<Record<string, unknown>>[]
  /** Requests without credentials reach the handler. */
  readonly open?: true
  /** What guards it cannot be read in full: a guard's path may cover the route or not, or a function before it may answer. */
  readonly unclear?: true
  /** With a context: may it come in? `depends`: a function looks at the request. `?`: the route is unclear. */
  readonly reachable?: 'yes' | 'no' | 'depends' | '?'
  readonly code?: RefusalCode
}

export interface AccessSummary {
  readonly routes: readonly RouteSummary[]
  toMarkdown(): string
}

export function summarizeRoutes(
  found: readonly GuardedRoute[],
  context: AgentContext | undefined,
  now: number,
): AccessSummary {
  const routes = found.flatMap(withOperations).map(({ method, path, operation, requirements, open, unclear }) => ({
    method,
    path,
    ...(operation !== undefined && { operation }),
    requirements: requirements.map(({ shown }) => shown),
    ...(open && { open }),
    ...(unclear && { unclear }),
    ...(context === undefined ? {} : unclear ? { reachable: '?' as const } : reach(requirements, context, now)),
  }))
  return { routes, toMarkdown: () => toMarkdown(routes) }
}

/** A row for each operation, of which each meets the requirements of the route as well. */
function withOperations(route: GuardedRoute): readonly (GuardedRoute & { readonly operation?: string })[] {
  if (route.operations === undefined) return [route]
  return route.operations.map(({ operation, requirement }) => ({
    ...route,
    operation,
    requirements: [...route.requirements, requirement],
  }))
}

/** Those of the route and of its operations. */
export function requirementsOn({ requirements, operations = [] }: Guarded): readonly Requirement[] {
  return [...requirements, ...operations.map(({ requirement }) => requirement)]
}

type Guarded = Pick<GuardedRoute, 'requirements' | 'operations'>

/** For `scopes_supported` (RFC 9728 §2): what the routes that are not hidden ask for. */
export function scopesOf(found: readonly Guarded[]): readonly string[] {
  const visible = found.flatMap(requirementsOn).filter(({ hidden }) => !hidden)
  return [...new Set(visible.flatMap(({ scopes, anyScope }) => [...scopes, ...anyScope]))]
}

/** The route's answer as far as the context alone decides it; rules about the request are left open. */
function reach(requirements: readonly Requirement[], context: AgentContext, now: number) {
  const issuers = { configured: [context.token.issuer], hasOthers: false }
  let reachable: 'yes' | 'depends' = 'yes'
  for (const requirement of requirements) {
    if (requirement.isReported) continue
    const decided: Requirement = { ...requirement, where: undefined, details: detailsPresent(requirement, context) }
    const judgement = checkAccess(decided, context, undefined, {
      nowSeconds: () => now / 1_000,
      toleranceSeconds: numbers['token.clockToleranceSeconds'].default,
      issuers,
      hookTimeoutMs: numbers.hookTimeoutMs.default,
    })
    if (judgement instanceof AccessDenial) return { reachable: 'no' as const, code: judgement.code }
    const looksAtRequest = requirement.where !== undefined || requirement.details !== undefined
    // A rule whose issuer is another one of the verifier's is judged by the verifier alone.
    if (looksAtRequest || problemsFor(requirement, issuers).length > 0) reachable = 'depends'
  }
  return { reachable }
}

/** Without a detail of the type no request can pass; with one, the request decides. */
function detailsPresent({ details }: Requirement, context: AgentContext): Requirement['details'] {
  if (details === undefined) return undefined
  return context.authorizationDetails.some(({ type }) => type === details.type) ? undefined : details
}

function toMarkdown(routes: readonly RouteSummary[]): string {
  const judged = routes.some(({ reachable }) => reachable !== undefined)
  const head = ['method', 'path', 'requires', ...(judged ? ['reachable'] : [])]
  const rows = routes.map(({ method, path, operation, requirements, open, unclear, reachable, code }) => [
    method,
    `\`${operation === undefined ? path : `${path} ${operation}`}\``,
    [...requirements.map(inWords), ...(unclear ? ['?'] : [])].join('; and ') ||
      (open ? 'nothing' : 'an admitted request'),
    ...(judged ? [code === undefined ? (reachable ?? '') : `${reachable}: \`${code}\``] : []),
  ])
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`).join('\n')
}

function inWords(requirement: Readonly<Record<string, unknown>>): string {
  return Object.entries(requirement)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
