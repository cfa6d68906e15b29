import type { EntityKind, Party } from '../types/context.ts'
import type { ReportedParty } from '../types/report.ts'

/**
 * Parties and the ways between them as one text each, which serves as the name they are counted by and from which they are
 * read again. NUL and U+0001 separate: a verified name holds no control character.
 */

export const entityKinds: readonly EntityKind[] = ['human', 'agent', 'service', 'app', 'device', 'unknown']

/** A longer name is cut, and its hash put behind it, so that long names stay apart in bounded memory. */
const longestName = 128
const keptOfLongName = 96

/** A party within what its issuer asserted: kind, whether its subject is its client id, namespace, subject. */
export function encodeParty(party: Party): string {
  const mark = party.clientId === party.subject ? 'c' : 's'
  return `${entityKinds.indexOf(party.kind)}${mark}${encodeNamespace(party)}\u0001${boundedName(party.subject)}`
}

function encodeNamespace({ issuer, assertedBy }: Party): string {
  if (issuer === null) return '-'
  return issuer === assertedBy ? '=' : `:${boundedName(issuer)}`
}

export function decodeParty(assertedBy: string, code: string): ReportedParty {
  const end = code.indexOf('\u0001')
  const namespace = code.slice(2, end)
  return {
    subject: code.slice(end + 1),
    issuer: namespace === '-' ? null : namespace === '=' ? assertedBy : namespace.slice(1),
    assertedBy,
    kind: entityKinds[Number(code[0])] ?? 'unknown',
  }
}

/** Actors of a way that are told one by one: the current one and two before it. */
const toldActors = 3

export interface Way {
  readonly principal: ReportedParty
  readonly actors: readonly ReportedParty[]
  readonly earlier: number
}

/** `chain`: current actor first. Where the actor is the principal, no one stands between them. */
export function encodeWay(principal: string, actor: string, chain: readonly Party[], assertedBy: string): string {
  const parts = [boundedName(assertedBy), principal]
  if (actor !== principal) {
    parts.push(actor)
    const first = chain[0]
    const from = first !== undefined && encodeParty(first) === actor ? 1 : 0
    const told = Math.min(chain.length, from + toldActors - 1)
    for (let index = from; index < told; index++) parts.push(encodeParty(chain[index] as Party))
    if (chain.length > told) parts.push(`+${chain.length - told}`)
  }
  // Joined, since a text that was put together by operators keeps its pieces in memory.
  return parts.join('\u0000')
}

export function decodeWay(way: string): Way {
  const [assertedBy = '', principal = '', ...rest] = way.split('\u0000')
  const last = rest.at(-1)
  const earlier = last?.startsWith('+') === true ? Number(last.slice(1)) : 0
  const actors = earlier > 0 ? rest.slice(0, -1) : rest
  return {
    principal: decodeParty(assertedBy, principal),
    actors: actors.map((code) => decodeParty(assertedBy, code)),
    earlier,
  }
}

/** Ways with principals of one kind and the same actor. */
export interface WayGroup {
  readonly principalKind: EntityKind
  /** Null: the principals call themselves. */
  readonly actor: ReportedParty | null
  requests: number
}

/** Tells the principals of ways apart. */
export function hashOfPrincipal(way: string): number {
  return hashOfText(way, endOfPrincipal(way))
}

/** The same for ways whose principals differ in nothing but their name. */
export function hashOfGroup(way: string): number {
  const afterPrincipal = endOfPrincipal(way)
  // Of the principal only its kind, the first character, belongs to the name of the group.
  return hashOfText(way, endOfActor(way, afterPrincipal), way.indexOf('\u0000') + 2, afterPrincipal)
}

export function decodeGroup(way: string): Omit<WayGroup, 'requests'> {
  const afterIssuer = way.indexOf('\u0000')
  const afterPrincipal = endOfPrincipal(way)
  const actor = way.slice(afterPrincipal + 1, endOfActor(way, afterPrincipal))
  return {
    principalKind: entityKinds[Number(way[afterIssuer + 1])] ?? 'unknown',
    actor: afterPrincipal < way.length ? decodeParty(way.slice(0, afterIssuer), actor) : null,
  }
}

function endOfActor(way: string, afterPrincipal: number): number {
  const end = way.indexOf('\u0000', afterPrincipal + 1)
  return end === -1 ? way.length : end
}

/** Issuer and principal stand before the second separator. */
function endOfPrincipal(way: string): number {
  const end = way.indexOf('\u0000', way.indexOf('\u0000') + 1)
  return end === -1 ? way.length : end
}

export function boundedName(name: string): string {
  if (name.length <= longestName) return name
  // Joined, since a text that was cut out of another keeps the whole of it in memory.
  return [name.slice(0, keptOfLongName), hashOfText(name).toString(36)].join('…')
}

/** 53 bits, not for secrets: two rounds of 32 bits each (FNV-1a with two primes). */
export function hashOfText(
  text: string,
  end: number = text.length,
  skipFrom: number = end,
  skipTo: number = end,
): number {
  let high = 0x811c9dc5
  let low = 0x9747b28c
  for (let index = 0; index < end; index++) {
    if (index === skipFrom) index = skipTo
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x01000193)
    low = Math.imul(low ^ unit, 0x85ebca6b)
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
}
