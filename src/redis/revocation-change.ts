import { fixed } from '../options/defaults.ts'
import type { Kind, Target } from '../revocations/revocation-table.ts'

/**
 * What happened to one target, as processes tell each other. Of two revocations the later time stands. `version` orders
 * revocations and forgettings of one target: milliseconds since the epoch, or one more than the highest version known.
 */
export type Change =
  | { readonly kind: 'revoked'; readonly field: string; readonly version: number; readonly issuedBefore: number }
  | { readonly kind: 'forgotten'; readonly field: string; readonly version: number }

/** Changes that belong together, and what the head was before and is after them. */
export interface ChangeMessage {
  readonly from: string
  readonly to: string
  readonly changes: readonly Change[]
}

const kinds: Readonly<Record<Kind, true>> = {
  token: true,
  subject: true,
  party: true,
  clientParty: true,
  client: true,
  session: true,
  owner: true,
  jkt: true,
  x5t: true,
}

/** JSON, so that no name can be mistaken for another. Undefined where it is too long to be shared. */
export function fieldOf({ kind, issuer, namespace, name }: Target): string | undefined {
  const field = JSON.stringify([kind, issuer, namespace, name])
  return field.length <= fixed.sharedRevocationLength ? field : undefined
}

/** Throws where the text is not what `fieldOf` gives. */
export function sharedTargetOf(field: string): Target {
  if (field.length > fixed.sharedRevocationLength) throw new TypeError('the names are too long')
  const parts: unknown = JSON.parse(field)
  if (!Array.isArray(parts) || parts.length !== 4) throw new TypeError('these are not four names')
  const [kind, issuer, namespace, name] = parts as readonly unknown[]
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) throw new TypeError('this kind is unknown')
  if (typeof issuer !== 'string' || typeof namespace !== 'string' || typeof name !== 'string') {
    throw new TypeError('a name is no text')
  }
  const target: Target = { kind: kind as Kind, issuer, namespace, name }
  // Two spellings of one target would be two entries of it.
  if (fieldOf(target) !== field) throw new TypeError('the names are in another spelling')
  return target
}

/** The arguments of the script for one change. */
export function argumentsOf(change: Change): readonly string[] {
  const { kind, field, version } = change
  if (kind === 'forgotten') return ['f', String(version), '1', field]
  return ['r', String(version), timeText(change.issuedBefore), field]
}

/** The value of an entry in Redis: version and time. Throws for anything else. */
export function readEntry(field: string, value: string): Change {
  const [, version, time] = /^(\d{1,16}) (\d{1,16})$/.exec(value) ?? []
  return { kind: 'revoked', field, version: wholeNumber(version), issuedBefore: readTime(time) }
}

export function readForgotten(field: string, version: string): Change {
  return { kind: 'forgotten', field, version: wholeNumber(version) }
}

/** Throws where it cannot be read. */
export function readChangeMessage(message: string): ChangeMessage {
  if (message.length > longestMessage) throw new TypeError('the message is too long')
  const [heads = '', ...lines] = message.split('\n')
  const [, from, to] = /^([\w-]{0,64}) ([\w-]{1,64})$/.exec(heads) ?? []
  if (from === undefined || to === undefined) throw new TypeError('the message has no heads')
  return { from, to, changes: lines.map(readLine) }
}

/** Two lines for each change. */
const longestMessage = 2 * fixed.revocationsPerWrite * (fixed.sharedRevocationLength + 64)

function readLine(line: string): Change {
  const [, kind, version = '', time = '', field = ''] = /^([rf]) (\d{1,16}) (\d{1,16}) (.+)$/.exec(line) ?? []
  if (kind === 'r') return readEntry(field, `${version} ${time}`)
  if (kind === 'f') return readForgotten(field, version)
  throw new TypeError('a line of the message cannot be read')
}

/** For every token, also where the clock gave no number. Lua counts in doubles, so it stays below 2^53. */
const always = Number.MAX_SAFE_INTEGER

function timeText(issuedBefore: number): string {
  return String(Number.isFinite(issuedBefore) ? issuedBefore : always)
}

function readTime(time: string | undefined): number {
  const issuedBefore = wholeNumber(time)
  return issuedBefore === always ? Number.POSITIVE_INFINITY : issuedBefore
}

function wholeNumber(text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || text === '' || !Number.isSafeInteger(value)) throw new TypeError('a number is missing')
  return value
}
