import { namesOf, type OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { ranges } from '../options/defaults.ts'
import type { AccessRequirement, DetailRule, PartyRule, Predicate } from '../types/access.ts'
import type { EntityKind, Party } from '../types/context.ts'

/** An AccessRequirement read and checked; access.ts evaluates it. */
export interface Requirement {
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
  readonly authority: 'delegated' | 'independent' | undefined
  readonly principal: ((party: Party) => boolean) | undefined
  readonly actor: ((party: Party) => boolean) | undefined
  readonly pair: ((principal: Party, actor: Party) => boolean) | undefined
  readonly maxDepth: number | undefined
  readonly denyIfAgentInvolved: boolean
  readonly sender: 'dpop' | 'mtls' | undefined
  readonly acr: readonly string[] | undefined
  readonly maxAuthAgeSeconds: number | undefined
  readonly details: DetailRule | undefined
  readonly where: Predicate | undefined
  readonly hidden: boolean
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
  where: true,
  hidden: true,
})
const partyNames = namesOf<Exclude<PartyRule, (party: Party) => boolean>>({ issuer: true, subject: true, kind: true })
const detailNames = namesOf<DetailRule>({ type: true, allows: true })
const kinds: readonly EntityKind[] = ['human', 'agent', 'service', 'app', 'device', 'unknown']
/** RFC 6749 §3.3: one scope token. Anything else could never be granted, or would break the challenge. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** `issuers`: the verifier's, or undefined where no verifier is known yet (then a missing issuer is not judged). */
export function compileRequirement(
  read: OptionReader,
  path: string,
  value: unknown,
  issuers: readonly string[] | undefined,
): Requirement {
  const raw: RawOptions<keyof AccessRequirement> = read.object(path, value, names) ?? {}
  const at = (name: string) => `${path}.${name}`
  return {
    scopes: readScopeTokens(read, at('scopes'), raw.scopes) ?? [],
    anyScope: readScopeTokens(read, at('anyScope'), raw.anyScope) ?? [],
    authority: read.oneOf(at('authority'), raw.authority, ['delegated', 'independent'] as const),
    principal: readPartyRule(read, at('principal'), raw.principal, issuers),
    actor: readPartyRule(read, at('actor'), raw.actor, issuers),
    pair: read.function<NonNullable<Requirement['pair']>>(at('pair'), raw.pair),
    maxDepth: read.number(
      at('maxDepth'),
      raw.maxDepth,
      ranges['access.maxDepth'].least,
      ranges['access.maxDepth'].most,
    ),
    denyIfAgentInvolved: read.boolean(at('denyIfAgentInvolved'), raw.denyIfAgentInvolved) ?? false,
    sender: read.oneOf(at('sender'), raw.sender, ['dpop', 'mtls'] as const),
    acr: readScopeTokens(read, at('acr'), raw.acr),
    maxAuthAgeSeconds: read.number(
      at('maxAuthAgeSeconds'),
      raw.maxAuthAgeSeconds,
      ranges['access.maxAuthAgeSeconds'].least,
      ranges['access.maxAuthAgeSeconds'].most,
    ),
    details: readDetailRule(read, at('details'), raw.details),
    where: readWhere(read, at('where'), raw.where),
    hidden: read.boolean(at('hidden'), raw.hidden) ?? false,
  }
}

/** Also the grammar of `acr_values`: space-separated, inside a quoted string (RFC 9470 §3). */
function readScopeTokens(read: OptionReader, path: string, value: unknown): readonly string[] | undefined {
  return read.list(path, value, (at, item) => {
    const text = read.string(at, item)
    return text === undefined || scopeToken.test(text)
      ? text
      : read.problem(at, 'must be one word of visible ASCII characters, without quotes and backslashes')
  })
}

function readPartyRule(
  read: OptionReader,
  path: string,
  value: unknown,
  issuers: readonly string[] | undefined,
): ((party: Party) => boolean) | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return value as (party: Party) => boolean
  const raw = read.object(path, value, partyNames)
  if (raw === undefined) return undefined
  if (Object.values(raw).every((item) => item === undefined)) read.problem(path, 'must name an issuer, subject or kind')
  const subjects = read.stringOrList(`${path}.subject`, raw.subject)
  const kind = Array.isArray(raw.kind) || raw.kind === undefined ? raw.kind : [raw.kind]
  const allowed = read.list(`${path}.kind`, kind, (at, item) => read.oneOf(at, item, kinds))
  let issuer = read.string(`${path}.issuer`, raw.issuer)
  if (issuer !== undefined && issuers !== undefined && !issuers.includes(issuer)) {
    read.problem(`${path}.issuer`, 'is not a configured issuer')
  }
  if (subjects !== undefined && issuer === undefined && issuers !== undefined) {
    issuer =
      issuers.length === 1
        ? issuers[0]
        : read.problem(path, 'must name the issuer of the subject: several issuers are configured')
  }
  return (party) =>
    (issuer === undefined || isOf(party, issuer)) &&
    (subjects === undefined || subjects.includes(party.subject)) &&
    (allowed === undefined || allowed.includes(party.kind))
}

/** A partner's token cannot claim our parties: who asserts counts, and the namespace where one is stated. */
function isOf(party: Party, issuer: string): boolean {
  return party.assertedBy === issuer && (party.issuer === null || party.issuer === issuer)
}

function readDetailRule(read: OptionReader, path: string, value: unknown): DetailRule | undefined {
  const raw = read.object(path, value, detailNames)
  if (raw === undefined) return undefined
  for (const name of detailNames) if (raw[name] === undefined) read.problem(`${path}.${name}`, 'is required')
  const type = read.string(`${path}.type`, raw.type)
  const allows = read.function<DetailRule['allows']>(`${path}.allows`, raw.allows)
  return type === undefined || allows === undefined ? undefined : { type, allows: allows.bind(raw as never) }
}

function readWhere(read: OptionReader, path: string, value: unknown): Predicate | undefined {
  if (value === undefined || typeof value === 'function') return value as Predicate | undefined
  const raw = read.object(path, value, ['name', 'test'])
  if (raw === undefined) return undefined
  for (const name of ['name', 'test'] as const)
    if (raw[name] === undefined) read.problem(`${path}.${name}`, 'is required')
  read.string(`${path}.name`, raw.name)
  return read.function<Predicate>(`${path}.test`, raw.test)?.bind(raw)
}

/** What the caller changes in its object afterwards changes nothing: lists and rules are copied, functions keep their `this`. */
export function copyRequirement<R>(requirement: AccessRequirement<R>): AccessRequirement<R> {
  const { details, where, ...rest } = requirement
  const copy: AccessRequirement<R> = {}
  for (const [name, value] of Object.entries(rest)) Object.assign(copy, { [name]: copyRule(value) })
  if (details !== undefined) copy.details = { type: details.type, allows: details.allows.bind(details) }
  if (where !== undefined) {
    copy.where = typeof where === 'function' ? where : { name: where.name, test: where.test.bind(where) }
  }
  return Object.freeze(copy)
}

/** For a memo by identity: has nothing in the object changed since `snapshot` was taken of it? */
export function isUnchanged(value: unknown, snapshot: unknown): boolean {
  if (value === snapshot) return true
  if (typeof value !== 'object' || typeof snapshot !== 'object' || value === null || snapshot === null) return false
  const names = Object.keys(value)
  if (names.length !== Object.keys(snapshot).length) return false
  return names.every((name) => isUnchanged((value as Raw)[name], (snapshot as Raw)[name]))
}

type Raw = Readonly<Record<string, unknown>>

export function copyRule(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(copyRule))
  if (typeof value !== 'object' || value === null) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copyRule(item)])))
}

export type AnyRequirement = AccessRequirement<never>
