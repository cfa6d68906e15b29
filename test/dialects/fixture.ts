/** Decoded tokens as products and drafts print them, and what is to become of each. */
import type { DialectName } from 'onbehalf'
import { dialects } from '../../src/token/dialects/index.ts'
import type { Forge } from '../support/forge.ts'
import type { Members } from '../support/jws.ts'
import type { DataFolder } from '../support/vectors.ts'

export interface Fixture {
  readonly name: string
  readonly header: Members | null
  readonly claims: Members
  readonly expect: Expectation & Variants
}

/** A fixture says more than this: what no context shows is left out. */
export interface Expectation {
  readonly decision: 'accept' | 'reject'
  readonly adapter: string
  readonly reason?: string
  readonly authority?: string
  readonly principal?: ExpectedParty
  /** Null: the principal itself. */
  readonly actor?: ExpectedParty | null
  readonly clientId?: string | null
  readonly priorActors?: readonly ExpectedParty[]
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
  readonly permissions?: readonly string[]
  readonly binding?: string
  readonly depth?: number
  readonly involvesAgent?: boolean
  readonly governance?: { readonly owner?: string; readonly blueprint?: string }
  readonly agent?: { readonly instance?: string }
  readonly warnings?: readonly string[]
}

/** What an option would change. */
interface Variants {
  readonly ifAudienceWaived?: Expectation
  readonly ifUnboundAllowed?: string
  readonly ifMaxTtl?: string
  readonly ifActorIdFallback?: string
}

export interface ExpectedParty {
  readonly id: string
  readonly issuer: string | null
  readonly kind: string
}

export function readFixtures(folder: DataFolder, issuer: string): readonly Fixture[] {
  return folder.names().flatMap((file) => {
    if (!file.endsWith('.json')) return []
    const text = folder.bytes(file).toString('utf8').replaceAll('<iss>', issuer)
    const { header, claims, expect } = JSON.parse(withoutPlaceholders(text)) as Omit<Fixture, 'name'>
    return [{ name: file.replace(/\.json$/, ''), header, claims, expect: settle(expect) }]
  })
}

/** `<sub>`, `{domain}` and `${domain}` become words. The tenant of one fixture has two names. */
function withoutPlaceholders(text: string): string {
  const plain = text.replaceAll('<tenant-id-here>', '<tenant-id>')
  return plain.replace(/\$?\{(\w+)\}|<([\w-]*)>/g, (_match, braced?: string, angled = '') => braced ?? `x${angled}`)
}

/**
 * Where a fixture and the rules of this package differ: an inner `act` without a name is refused; behind a self-act there is
 * no chain, and an unclassified principal leaves the authority open.
 */
function settle(expected: Fixture['expect']): Fixture['expect'] {
  if (expected.warnings?.includes('inner_actor_incomplete')) {
    return { decision: 'accept', adapter: expected.adapter, reason: 'actor_id_missing' }
  }
  if (!expected.warnings?.includes('self_act')) return expected
  const isOpen = expected.principal?.kind === 'unknown'
  return { ...expected, priorActors: [], ...(isOpen && { authority: 'undetermined' }) }
}

/** Whether our answer is a refusal, whatever the fixture says of it. */
export function isRefused({ reason }: Expectation): boolean {
  return reason !== undefined
}

export interface Issued {
  /** Null: the header has none. */
  readonly typ: unknown
  readonly claims: Members
  readonly dialect: DialectName
  /** What the token's issuer calls this resource; undefined where the token is for another one or for none. */
  readonly audience: string | undefined
}

/** The longest life that an option allows; two samples of the documentation live for 76 years. */
const longest = 31_536_000

/** The token alive now, bound to keys of the forge, and with what a fragment lacks; a fixture tells what is missing on purpose. */
export function issue({ header, claims, expect }: Fixture, forge: Forge): Issued {
  const dialect = expect.adapter === 'generic' ? 'rfc9068' : (expect.adapter as DialectName)
  const now = Math.floor(forge.clock.now() / 1_000)
  const hasNoIat = expect.warnings?.includes('no_iat') ?? false
  const { iat, exp, nbf, aud, cnf } = claims
  const filledIn = aud === undefined && expect.reason !== 'aud_missing' ? 'https://api.example.com' : undefined
  const lifetime = typeof iat === 'number' && typeof exp === 'number' ? Math.min(exp - iat, longest) : 300
  return {
    dialect,
    audience: expect.reason === 'aud_mismatch' ? undefined : firstAudience(aud ?? filledIn),
    typ: header === null ? firstType(dialect) : (header['typ'] ?? null),
    claims: {
      iss: forge.trust.issuer,
      sub: 'xsub',
      ...claims,
      ...(typeof iat === 'string' ? {} : { exp: now + lifetime, ...(hasNoIat ? {} : { iat: now }) }),
      ...(nbf === undefined ? {} : { nbf: now }),
      ...(filledIn === undefined ? {} : { aud: filledIn }),
      ...(cnf === undefined ? {} : { cnf: heldBy(forge, cnf as Members) }),
    },
  }
}

function firstAudience(aud: unknown): string | undefined {
  return (Array.isArray(aud) ? aud[0] : aud) as string | undefined
}

function firstType(dialect: DialectName): string | null {
  const [first = null] = dialects[dialect].types ?? ['at+jwt']
  return first
}

function heldBy({ agent }: Forge, cnf: Members): Members {
  const held: Members = { jkt: agent.jkt, 'x5t#S256': agent.certificate?.thumbprint }
  return Object.fromEntries(Object.entries(cnf).map(([name, value]) => [name, held[name] ?? value]))
}
