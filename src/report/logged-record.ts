import { refusals } from '../refusal/table.ts'
import type { AuditRecord } from '../types/audit.ts'
import { entityKinds } from './party-code.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Reads one line of a log: JSON with the members of an audit record that a report reads. Other members, such as those of a
 * chain of hashes, are overlooked. Undefined: the line is no such record, and cannot be counted.
 */
export function readLoggedRecord(line: string): AuditRecord | undefined {
  const value = parsed(line)
  if (!isObject(value) || typeof value['time'] !== 'number') return undefined
  if (isWhole(value['dropped'])) return value as unknown as AuditRecord
  return isEvent(value) ? (value as unknown as AuditRecord) : undefined
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isEvent(value: Members): boolean {
  const { principal, actor, chain, authority, sender, proof, facts } = value
  return (
    isOneOf(value['phase'], ['authentication', 'access']) &&
    isOneOf(value['decision'], ['admitted', 'refused', 'observed']) &&
    (value['code'] === null || isCode(value['code'])) &&
    isList(value['wouldRefuse'], isCode) &&
    isText(value['requestId']) &&
    isName(value['issuerLabel']) &&
    isNameOrNull(value['client']) &&
    (principal === null || isParty(principal)) &&
    (actor === null || isParty(actor)) &&
    isList(chain, isParty) &&
    isOneOf(authority, ['delegated', 'independent', 'undetermined', null]) &&
    isObject(sender) &&
    isOneOf(sender['method'], ['dpop', 'mtls', 'dpop+mtls', 'none', null]) &&
    isNameOrNull(sender['thumbprint']) &&
    isObject(proof) &&
    isOneOf(proof['result'], ['none', 'valid', 'refused', 'replayed']) &&
    (value['tokenLifetimeSeconds'] === null || Number.isFinite(value['tokenLifetimeSeconds'])) &&
    isList(value['warnings'], isText) &&
    (facts === undefined || (isObject(facts) && (facts['hint'] === undefined || isText(facts['hint']))))
  )
}

function isParty(value: unknown): boolean {
  if (!isObject(value)) return false
  const { entity } = value
  return (
    isName(value['subject']) &&
    isNameOrNull(value['issuer']) &&
    isName(value['assertedBy']) &&
    isOneOf(value['kind'], entityKinds) &&
    (entity === undefined || isObject(entity))
  )
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/** NUL and U+0001 separate names where a report keeps them; a verified name has no control character. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\u0000') && !value.includes('\u0001')
}

function isNameOrNull(value: unknown): boolean {
  return value === null || isName(value)
}

function isCode(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(refusals, value)
}

function isWhole(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isOneOf(value: unknown, allowed: readonly unknown[]): boolean {
  return allowed.includes(value)
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}
