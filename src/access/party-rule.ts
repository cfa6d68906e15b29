import { namesOf, type OptionProblem, type OptionReader } from '../internal/option-reader.ts'
import type { PartyRule } from '../types/access.ts'
import type { EntityKind, Party } from '../types/context.ts'

/** A party rule read and checked: a function of the user's, or what a party must be. */
export type CompiledPartyRule = ((party: Party) => boolean) | PartyPattern

export interface PartyPattern {
  /** Of the option, for problems that only a verifier can tell. */
  readonly path: string
  readonly issuer: string | undefined
  readonly subjects: readonly string[] | undefined
  readonly kinds: readonly EntityKind[] | undefined
}

const names = namesOf<Exclude<PartyRule, (party: Party) => boolean>>({ issuer: true, subject: true, kind: true })
const kinds: readonly EntityKind[] = ['human', 'agent', 'service', 'app', 'device', 'unknown']

export function readPartyRule(read: OptionReader, path: string, value: unknown): CompiledPartyRule | undefined {
  if (typeof value === 'function') return value as (party: Party) => boolean
  const raw = read.object(path, value, names)
  if (raw === undefined) return undefined
  if (Object.values(raw).every((item) => item === undefined)) read.problem(path, 'must name an issuer, subject or kind')
  const kind = Array.isArray(raw['kind']) || raw['kind'] === undefined ? raw['kind'] : [raw['kind']]
  return Object.freeze({
    path,
    issuer: read.string(`${path}.issuer`, raw['issuer']),
    subjects: read.stringOrList(`${path}.subject`, raw['subject']),
    kinds: read.list(`${path}.kind`, kind, (at, item) => read.oneOf(at, item, kinds)),
  })
}

/** Whose parties a verifier can meet. */
export interface PartyIssuers {
  readonly configured: readonly string[]
  /** Whether a resolver may know further ones. */
  readonly hasOthers: boolean
}

export function partyIssuersOf(policy: {
  readonly issuers: ReadonlyMap<string, unknown>
  readonly resolvers: readonly unknown[]
}): PartyIssuers {
  return { configured: [...policy.issuers.keys()], hasOthers: policy.resolvers.length > 0 }
}

/** What is wrong with the rule for a verifier of these issuers: its issuer is not configured, or it has to name one. */
export function problemsOfRule(rule: CompiledPartyRule | undefined, issuers: PartyIssuers): readonly OptionProblem[] {
  if (rule === undefined || typeof rule === 'function') return []
  const { path, issuer, subjects } = rule
  if (issuer !== undefined && !issuers.hasOthers && !issuers.configured.includes(issuer)) {
    return [{ path: `${path}.issuer`, message: 'is not a configured issuer' }]
  }
  const isUnclear = subjects !== undefined && issuer === undefined && onlyOf(issuers) === undefined
  return isUnclear ? [{ path, message: 'needs an issuer beside subject, because there may be several issuers' }] : []
}

/** A rule with a subject and no issuer means the only issuer; where there may be several it matches no party. */
export function matchesParty(rule: PartyPattern, party: Party, issuers: PartyIssuers): boolean {
  const { subjects, kinds: allowed } = rule
  if (rule.issuer !== undefined && !isOf(party, rule.issuer)) return false
  if (allowed !== undefined && !allowed.includes(party.kind)) return false
  if (subjects === undefined) return true
  const issuer = rule.issuer ?? onlyOf(issuers)
  return issuer !== undefined && isOf(party, issuer) && subjects.includes(party.subject)
}

function onlyOf({ configured, hasOthers }: PartyIssuers): string | undefined {
  return hasOthers || configured.length !== 1 ? undefined : configured[0]
}

/** A partner's token cannot claim our parties: the asserting issuer counts, and the namespace where one is stated. */
function isOf(party: Party, issuer: string): boolean {
  return party.assertedBy === issuer && (party.issuer === null || party.issuer === issuer)
}
