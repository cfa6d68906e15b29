import { namesOf, type OptionProblem, OptionReader } from '../internal/option-reader.ts'
import { ranges } from '../options/defaults.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { AccessRequirement, DetailRule, Rule } from '../types/access.ts'
import type { Party } from '../types/context.ts'
import type { Facts } from '../types/verdict.ts'
import { AccessDenial } from './judgement.ts'
import { type CompiledPartyRule, type PartyIssuers, problemsOfRule, readPartyRule } from './party-rule.ts'
import { type CompiledWhere, scopeToken } from './where.ts'

/** An AccessRequirement read, checked and copied: later changes to the caller's object change nothing. */
export interface Requirement {
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
  readonly authority: 'delegated' | 'independent' | undefined
  readonly principal: CompiledPartyRule | undefined
  readonly actor: CompiledPartyRule | undefined
  readonly pair: ((principal: Party, actor: Party) => boolean) | undefined
  readonly maxDepth: number | undefined
  readonly denyIfAgentInvolved: boolean
  readonly sender: 'dpop' | 'mtls' | undefined
  readonly acr: readonly string[] | undefined
  readonly maxAuthAgeSeconds: number | undefined
  readonly details: DetailRule | undefined
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly where: CompiledWhere | undefined
  readonly hidden: boolean
  /** Judged and not enforced. */
  readonly isReported: boolean
  /** Set where an adapter has refused by a rule of its own: no caller meets the requirement, and its other members do not count. */
  readonly denial: AccessDenial | undefined
  /** As it was given, functions by name: for the route summary. */
  readonly shown: Readonly<Record<string, unknown>>
}

export type AnyRequirement = AccessRequirement<never>

const compiled = new WeakSet<object>()

/**
 * Reads a route's requirement once. Throws OptionsError, also for rules that do not fit the verifier's `issuers`; where the
 * verifier is not known yet, `problemsFor` tells those later.
 */
export function compileRequirement(value: AnyRequirement | Requirement, issuers?: PartyIssuers): Requirement {
  const read = new OptionReader()
  const requirement = isCompiled(value) ? value : readRequirement(read, 'requirement', value)
  if (value === undefined) read.problem('requirement', 'is required')
  if (issuers !== undefined) read.problems.push(...problemsFor(requirement, issuers))
  read.finish()
  return requirement
}

function isCompiled(value: AnyRequirement | Requirement): value is Requirement {
  return compiled.has(Object(value))
}

/** What is wrong with the requirement for a verifier that has these issuers. */
export function problemsFor({ principal, actor }: Requirement, issuers: PartyIssuers): readonly OptionProblem[] {
  return [...problemsOfRule(principal, issuers), ...problemsOfRule(actor, issuers)]
}

const names = namesOf<AccessRequirement>({
  scopes: true,
  anyScope: true,
  authority: true,
  principal: true,
  actor: true,
  pair: true,
  maxDepth: true,
  denyIfAgentInvolved: true,
  sender: true,
  acr: true,
  maxAuthAgeSeconds: true,
  details: true,
  roles: true,
  permissions: true,
  where: true,
  hidden: true,
  reportOnly: true,
})

export function readRequirement(read: OptionReader, path: string, value: unknown): Requirement {
  const raw: Readonly<Record<string, unknown>> = read.object(path, value, names) ?? {}
  const at = (name: string) => `${path}.${name}`
  const { 'access.maxDepth': depth, 'access.maxAuthAgeSeconds': age } = ranges
  const requirement: Requirement = Object.freeze({
    // Frozen, because refusals carry the lists to hooks.
    scopes: Object.freeze(readScopeTokens(read, at('scopes'), raw['scopes']) ?? []),
    anyScope: Object.freeze(readScopeTokens(read, at('anyScope'), raw['anyScope']) ?? []),
    authority: read.oneOf(at('authority'), raw['authority'], ['delegated', 'independent'] as const),
    principal: readPartyRule(read, at('principal'), raw['principal']),
    actor: readPartyRule(read, at('actor'), raw['actor']),
    pair: read.function<NonNullable<Requirement['pair']>>(at('pair'), raw['pair']),
    maxDepth: read.number(at('maxDepth'), raw['maxDepth'], depth.least, depth.most),
    denyIfAgentInvolved: read.boolean(at('denyIfAgentInvolved'), raw['denyIfAgentInvolved']) ?? false,
    sender: read.oneOf(at('sender'), raw['sender'], ['dpop', 'mtls'] as const),
    acr: readScopeTokens(read, at('acr'), raw['acr']),
    maxAuthAgeSeconds: read.number(at('maxAuthAgeSeconds'), raw['maxAuthAgeSeconds'], age.least, age.most),
    details: readDetailRule(read, at('details'), raw['details']),
    roles: Object.freeze(read.strings(at('roles'), raw['roles']) ?? []),
    permissions: Object.freeze(read.strings(at('permissions'), raw['permissions']) ?? []),
    where: readWhere(read, at('where'), raw['where']),
    hidden: read.boolean(at('hidden'), raw['hidden']) ?? false,
    isReported: read.oneOf(at('reportOnly'), raw['reportOnly'], [true] as const) ?? false,
    denial: undefined,
    shown: showMembers(raw),
  })
  compiled.add(requirement)
  return requirement
}

/** A requirement that no request meets, for what an adapter refuses by a rule of its own. */
export function refusingRequirement(code: RefusalCode, rule: string, facts?: Facts): Requirement {
  const base = compileRequirement({})
  const requirement = Object.freeze({
    ...base,
    hidden: true,
    denial: new AccessDenial(code, rule, { facts }),
    shown: { deny: rule },
  })
  compiled.add(requirement)
  return requirement
}

/** Anything but a scope token could never be granted, or would break the challenge. */
function readScopeTokens(read: OptionReader, path: string, value: unknown): readonly string[] | undefined {
  return read.list(path, value, (at, item) => {
    const text = read.string(at, item)
    return text === undefined || scopeToken.test(text)
      ? text
      : read.problem(at, 'has a character that RFC 6749 §3.3 does not allow')
  })
}

/** Functions keep their `this`. */
function readDetailRule(read: OptionReader, path: string, value: unknown): DetailRule | undefined {
  const raw = read.object(path, value, ['type', 'allows'])
  if (raw === undefined) return undefined
  for (const name of ['type', 'allows'] as const)
    if (raw[name] === undefined) read.problem(`${path}.${name}`, 'is required')
  const type = read.string(`${path}.type`, raw['type'])
  const allows = read.function<DetailRule['allows']>(`${path}.allows`, raw['allows'])
  return type === undefined || allows === undefined ? undefined : { type, allows: allows.bind(raw as never) }
}

function readWhere(read: OptionReader, path: string, value: unknown): CompiledWhere | undefined {
  if (typeof value === 'function') return { test: value as Rule, rule: 'where' }
  const raw = read.object(path, value, ['name', 'test'])
  if (raw === undefined) return undefined
  for (const name of ['name', 'test'] as const)
    if (raw[name] === undefined) read.problem(`${path}.${name}`, 'is required')
  const name = read.string(`${path}.name`, raw['name'])
  const test = read.function<Rule>(`${path}.test`, raw['test'])
  return test && { test: test.bind(raw), rule: `where:${name}` }
}

function showMembers(raw: object): Readonly<Record<string, unknown>> {
  return Object.freeze(
    Object.fromEntries(
      Object.entries(raw).flatMap(([name, value]) => (value === undefined ? [] : [[name, showValue(value)]])),
    ),
  )
}

/** A function by its name, everything else as it is. */
function showValue(value: unknown): unknown {
  if (typeof value === 'function') return `${value.name || 'anonymous'}()`
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(showValue))
  const { name, test } = value as { name?: unknown; test?: unknown }
  if (typeof name === 'string' && typeof test === 'function') return `${name}()`
  return showMembers(value)
}
