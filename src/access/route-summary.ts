import { OptionReader } from '../internal/option-reader.ts'
import { numbers } from '../options/defaults.ts'
import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AccessRequirement } from '../types/access.ts'
import type { AgentContext } from '../types/context.ts'
import { checkAccess } from './check.ts'
import { compileRequirement, type Requirement } from './requirement.ts'

/** What the routes of an app ask for, as data: for reviews, for documents, for the metadata's `scopes_supported`. */

type Handler = (...parameters: never[]) => unknown
type AnyRequirement = AccessRequirement<never>

/** Which requirement a framework's handler stands for. */
const guards = new WeakMap<Handler, AnyRequirement>()

/** For adapters: remembers that `handler` enforces `requirement`. */
export function declareGuard<T extends Handler>(handler: T, requirement: AnyRequirement): T {
  guards.set(handler, requirement)
  return handler
}

export function requirementOf(handler: unknown): AnyRequirement | undefined {
  return typeof handler === 'function' ? guards.get(handler as Handler) : undefined
}

/** A route as an adapter finds it. */
export interface GuardedRoute {
  readonly method: string
  /** With the mount prefix; `?` stands for a part the router does not tell. */
  readonly path: string
  readonly requirements: readonly AnyRequirement[]
  /** No `agentAuth` stands before it, or an optional one. */
  readonly open?: true
}

export interface RouteSummary {
  readonly method: string
  readonly path: string
  /** Requirement by requirement, predicates by name; empty: any admitted request. */
  readonly requirements: readonly Readonly<Record<string, unknown>>[]
  /** Anybody comes in, without credentials. */
  readonly open?: true
  /** With a context: may it come in? `depends`: a predicate looks at the request. */
  readonly reachable?: 'yes' | 'no' | 'depends'
  readonly code?: RefusalCode
}

export interface AccessSummary {
  readonly routes: readonly RouteSummary[]
  toMarkdown(): string
}

export function summarize(
  found: readonly GuardedRoute[],
  context: AgentContext | undefined,
  now: number,
): AccessSummary {
  const routes = found.map(({ method, path, requirements, open }) => ({
    method,
    path,
    requirements: requirements.map(describe),
    ...(open && { open }),
    ...(context === undefined ? {} : reach(requirements, context, now)),
  }))
  return { routes, toMarkdown: () => toMarkdown(routes) }
}

/** For `scopes_supported` (RFC 9728 §2): what the routes that are not hidden ask for. */
export function scopesOf(found: readonly Pick<GuardedRoute, 'requirements'>[]): readonly string[] {
  const visible = found.flatMap(({ requirements }) => requirements).filter(({ hidden }) => hidden !== true)
  return [...new Set(visible.flatMap(({ scopes = [], anyScope = [] }) => [...scopes, ...anyScope]))]
}

function describe(requirement: AnyRequirement): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(requirement).flatMap(([name, value]) => {
      return value === undefined ? [] : [[name, plain(value)]]
    }),
  )
}

/** Functions by name, everything else as it is. */
function plain(value: unknown): unknown {
  if (typeof value === 'function') return `${value.name || 'anonymous'}()`
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const { name, test } = value as { name?: unknown; test?: unknown }
  if (typeof name === 'string' && typeof test === 'function') return `${name}()`
  return Object.fromEntries(Object.entries(value).map(([member, item]) => [member, plain(item)]))
}

/** The route's answer so far as the context alone decides it; rules about the request are left open. */
function reach(requirements: readonly AnyRequirement[], context: AgentContext, now: number) {
  let reachable: 'yes' | 'depends' = 'yes'
  for (const raw of requirements) {
    const read = new OptionReader()
    const compiled = compileRequirement(read, 'requirement', raw, [context.token.issuer])
    const decided: Requirement = { ...compiled, where: undefined, details: detailsPresent(compiled, context) }
    const denial = checkAccess(decided, context, undefined, {
      nowSeconds: () => now / 1_000,
      toleranceSeconds: numbers['token.clockToleranceSeconds'].default,
    })
    if (denial instanceof Denial) return { reachable: 'no' as const, code: denial.code }
    // A rule that lacks an issuer is judged by the verifier it meets.
    const isOpen = read.problems.length > 0 || compiled.where !== undefined || compiled.details !== undefined
    if (isOpen) reachable = 'depends'
  }
  return { reachable }
}

/** Without a detail of the type no request can pass; with one, what it allows is the request's matter. */
function detailsPresent({ details }: Requirement, context: AgentContext): Requirement['details'] {
  if (details === undefined) return undefined
  return context.authorizationDetails.some(({ type }) => type === details.type)
    ? undefined
    : { type: details.type, allows: () => false }
}

function toMarkdown(routes: readonly RouteSummary[]): string {
  const judged = routes.some(({ reachable }) => reachable !== undefined)
  const head = ['method', 'path', 'requires', ...(judged ? ['reachable'] : [])]
  const rows = routes.map(({ method, path, requirements, open, reachable, code }) => [
    method,
    `\`${path}\``,
    requirements.map(inWords).join('; and ') || (open ? 'nothing' : 'an admitted request'),
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
