import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { isBase64urlOf } from '../jose/base64url.ts'
import { fixed, ranges } from '../options/defaults.ts'
import type { Party } from '../types/context.ts'
import type { Clock } from '../types/options.ts'
import type { Revocation, RevocationTargets } from '../types/revocation.ts'
import type { Kind, Target } from './revocation-table.ts'

/** What a revocation names, and the time it gives, if any. Throws an OptionsError for anything but one good revocation. */
export function readRevocation(revocation: unknown): { target: Target; issuedBefore: number | undefined } {
  const read = new OptionReader()
  if (revocation === undefined) read.problem('revocation', 'is required')
  const raw: RawOptions<keyof Revocation> = read.object('revocation', revocation, names) ?? {}
  const issuer = readRequired(read, 'revocation.issuer', raw.issuer)
  const { least, most } = ranges['revocation.issuedBefore']
  const issuedBefore = read.number('revocation.issuedBefore', raw.issuedBefore, least, most)
  const given = targets.filter((name) => raw[name] !== undefined)
  if (given.length !== 1) read.problem('revocation', `must have exactly one of ${targets.join(', ')}`)
  const named = readSelector(read, raw, given[0], issuer)
  read.finish()
  return { target: { issuer, namespace: '', ...named }, issuedBefore }
}

/** The same, with the default of the time. */
export function readRevocationAt(revocation: unknown, clock: Clock): { target: Target; issuedBefore: number } {
  const { target, issuedBefore } = readRevocation(revocation)
  return { target, issuedBefore: issuedBefore ?? (target.kind === 'token' ? Number.POSITIVE_INFINITY : soon(clock)) }
}

/** The issuer's clock may be ahead: a token that is issued while it is revoked is revoked as well. */
function soon(clock: Clock): number {
  return Math.ceil(clock.now() / 1_000 + fixed.revocationLeadSeconds)
}

const targets = namesOf<RevocationTargets>({
  token: true,
  party: true,
  client: true,
  session: true,
  owner: true,
  sender: true,
})
const names: readonly (keyof Revocation)[] = ['issuer', ...targets, 'issuedBefore']

type Named = { readonly kind: Kind; readonly name: string; readonly namespace?: string }

function readSelector(
  read: OptionReader,
  raw: RawOptions<keyof RevocationTargets>,
  target: keyof RevocationTargets = 'token',
  issuer: string,
): Named {
  const value = raw[target]
  if (target === 'sender') return readSender(read, value)
  if (target !== 'party') return { kind: target, name: readRequired(read, `revocation.${target}`, value) }
  if (typeof value === 'object') return readPartyNamed(read, value, issuer)
  return { kind: 'subject', name: readRequired(read, 'revocation.party', value) }
}

function readSender(read: OptionReader, value: unknown): Named {
  const { jkt, x5t }: RawOptions<'jkt' | 'x5t'> = read.object('revocation.sender', value, ['jkt', 'x5t']) ?? {}
  if ((jkt === undefined) === (x5t === undefined)) read.problem('revocation.sender', 'must have one of jkt, x5t')
  const kind = jkt === undefined ? 'x5t' : 'jkt'
  const name = readRequired(read, `revocation.sender.${kind}`, jkt ?? x5t)
  // A thumbprint in another spelling would revoke nothing, without a word.
  if (!isBase64urlOf(name, 32)) read.problem(`revocation.sender.${kind}`, 'must be a SHA-256 thumbprint in base64url')
  return { kind, name }
}

const partyNames = namesOf<Party>({
  subject: true,
  issuer: true,
  assertedBy: true,
  kind: true,
  kindSource: true,
  profiles: true,
  clientId: true,
  entity: true,
})

function readPartyNamed(read: OptionReader, value: object | null, issuer: string): Named {
  const party: RawOptions<keyof Party> = read.object('revocation.party', value, partyNames) ?? {}
  const name = readRequired(read, 'revocation.party.subject', party.subject)
  const assertedBy = readRequired(read, 'revocation.party.assertedBy', party.assertedBy)
  const clientId = read.string('revocation.party.clientId', party.clientId)
  const namespace = party.issuer === null ? '' : readRequired(read, 'revocation.party.issuer', party.issuer)
  // The tokens of an issuer name only parties that this issuer asserts.
  if (assertedBy !== issuer) read.problem('revocation.party.assertedBy', 'must be the issuer of the revocation')
  return { kind: clientId === name ? 'clientParty' : 'party', name, namespace }
}

function readRequired(read: OptionReader, path: string, value: unknown): string {
  if (value === undefined) read.problem(path, 'is required')
  return read.string(path, value) ?? ''
}
