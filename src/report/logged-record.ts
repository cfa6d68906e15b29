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
  if (!hasMembers(value) || typeof value['time'] !== 'number') return undefined
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
    isAmong(value['phase'], ['authentication', 'access']) &&
    isAmong(value['decision'], ['admitted', 'refused', 'observed']) &&
    (value['code'] === null || isRefusalCode(value['code'])) &&
    isListOf(value['wouldRefuse'], isRefusalCode) &&
    isLoggedText(value['requestId']) &&
    isLoggedName(value['issuerLabel']) &&
    isLoggedNameOrNull(value['client']) &&
    (principal === null || isParty(principal)) &&
    (actor === null || isParty(actor)) &&
    isListOf(chain, isParty) &&
    isAmong(authority, ['delegated', 'independent', 'undetermined', null]) &&
    hasMembers(sender) &&
    isAmong(sender['method'], ['dpop', 'mtls', 'dpop+mtls', 'none', null]) &&
    isLoggedNameOrNull(sender['thumbprint']) &&
    hasMembers(proof) &&
    isAmong(proof['result'], ['none', 'valid', 'refused', 'replayed']) &&
    (value['tokenLifetimeSeconds'] === null || Number.isFinite(value['tokenLifetimeSeconds'])) &&
    isListOf(value['warnings'], isLoggedText) &&
    (facts === undefined || (hasMembers(facts) && (facts['hint'] === undefined || isLoggedText(facts['hint']))))
  )
}

function isParty(value: unknown): boolean {
  if (!hasMembers(value)) return false
  const { entity, clientId } = value
  return (
    isLoggedName(value['subject']) &&
    isLoggedNameOrNull(value['issuer']) &&
    isLoggedName(value['assertedBy']) &&
    isAmong(value['kind'], entityKinds) &&
    (clientId === undefined || isLoggedName(clientId)) &&
    (entity === undefined || hasMembers(entity))
  )
}

function hasMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isLoggedText(value: unknown): boolean {
  return typeof value === 'string'
}

/** NUL and U+0001 separate names where a report keeps them; a verified name has no control character. */
function isLoggedName(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\u0000') && !value.includes('\u0001')
}

function isLoggedNameOrNull(value: unknown): boolean {
  return value === null || isLoggedName(value)
}

function isRefusalCode(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(refusals, value)
}

function isWhole(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isAmong(value: unknown, allowed: readonly unknown[]): boolean {
  return allowed.includes(value)
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}
