import { compileRequirement, type Requirement, readRequirement, refusingRequirement } from '../access/requirement.ts'
import type { GuardedOperation } from '../access/route-summary.ts'
import { isPlainObject, OptionReader } from '../internal/option-reader.ts'
import type { McpRuleFunction, McpTable } from '../types/mcp.ts'
import { otherSpelling } from './written-uri.ts'

/** The rules of an MCP server, read once. Look-up does not grow with their number. */

/** A requirement, or a function that names one for each call. */
export type OperationRule = Requirement | McpRuleFunction<never>

export interface RuleTable {
  /**
   * The rule of an operation; undefined for a free one, which every admitted request may ask for. `name` is undefined where
   * the message has none that is text.
   */
  ruleFor(method: string, name: string | undefined): OperationRule | undefined
  /** For summaries and metadata. */
  readonly operations: readonly GuardedOperation[]
}

/** What 'deny' compiles to. */
export const deniedByTable: Requirement = refusingRequirement('access_denied', 'table')

/** What a client needs to find its way, in the revisions 2025-11-25 and 2026-07-28. */
const free: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'prompts/list',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
])

/** Methods whose messages always have a name. */
const named: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
])

type Row = OperationRule | { readonly names: ReadonlyMap<string, OperationRule>; readonly others: OperationRule }

/** Throws OptionsError for a table that is wrong in any row. */
export function compileTable(value: McpTable<never>): RuleTable {
  const read = new OptionReader()
  const rows = new Map<string, Row>()
  const operations: GuardedOperation[] = []
  for (const [method, row] of membersIn(read, value)) {
    const compiled = readRow(read, method, row, operations)
    if (compiled !== undefined) rows.set(method, compiled)
  }
  if (typeof rows.get('*') === 'function' || 'names' in Object(rows.get('*'))) {
    read.problem(pathOf('*'), "must be 'deny' or a requirement")
  }
  read.finish()
  const others = rows.get('*') as Requirement

  function ruleFor(method: string, name: string | undefined): OperationRule | undefined {
    const row = method === '*' ? others : rows.get(method)
    if (row === undefined) return free.has(method) ? undefined : others
    if (typeof row === 'function') return name === undefined && named.has(method) ? deniedByTable : row
    if (!('names' in row)) return row
    if (name === undefined) return deniedByTable
    return (name === '*' ? undefined : row.names.get(name)) ?? row.others
  }

  return { ruleFor, operations }
}

/** Own members, of which one is for everything else. */
function membersIn(
  read: OptionReader,
  value: unknown,
  at: string = 'mcpAccess',
): readonly (readonly [string, unknown])[] {
  if (!isPlainObject(value)) {
    read.problem(at, 'must be a plain object')
    return []
  }
  if (!Object.hasOwn(value, '*')) read.problem(at, "must have '*', the rule for everything that it does not name")
  return Object.entries(value)
}

function readRow(read: OptionReader, method: string, row: unknown, operations: GuardedOperation[]): Row | undefined {
  if (!isPlainObject(row) || !Object.hasOwn(row, '*')) {
    const rule = readRule(read, pathOf(method), row)
    if (rule !== undefined) operations.push({ operation: method, requirement: shownBy(rule) })
    return rule
  }
  const names = new Map<string, OperationRule>()
  for (const [name, given] of membersIn(read, row, pathOf(method))) {
    const rule = readRule(read, pathOf(method, name), given)
    if (rule === undefined) continue
    names.set(name, rule)
    operations.push({ operation: `${method} ${name}`, requirement: shownBy(rule) })
  }
  addSpellings(read, method, names)
  return { names, others: names.get('*') ?? deniedByTable }
}

/** A rule also holds for the other spelling of its URI, unless that has a row of its own. */
function addSpellings(read: OptionReader, method: string, names: Map<string, OperationRule>): void {
  const added = new Set<string>()
  for (const [name, rule] of [...names]) {
    const spelling = otherSpelling(method, name)
    if (spelling === undefined) continue
    if (added.has(spelling))
      read.problem(pathOf(method, name), `is another spelling of ${spelling}, as a row before is`)
    else if (!names.has(spelling)) names.set(spelling, rule)
    else continue
    added.add(spelling)
  }
}

function readRule(read: OptionReader, path: string, value: unknown): OperationRule | undefined {
  if (value === 'deny') return deniedByTable
  if (typeof value === 'function') return value as McpRuleFunction<never>
  if (isPlainObject(value)) return readRequirement(read, path, value)
  return read.problem(path, "must be 'deny', a requirement or a function, or an object of them that has '*'")
}

/** In a summary, a function stands for what only the request decides. */
function shownBy(rule: OperationRule): Requirement {
  if (typeof rule !== 'function') return rule
  const requirement = compileRequirement({ where: () => false })
  return { ...requirement, shown: { rule: `${rule.name || 'anonymous'}()` } }
}

function pathOf(...names: readonly string[]): string {
  return `mcpAccess${names.map((name) => `[${JSON.stringify(name)}]`).join('')}`
}
