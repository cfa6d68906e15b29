import type { JSONWebKeySet } from 'jose'
import type { OptionReader } from '../internal/option-reader.ts'
import { readHttpsUrl } from '../internal/urls.ts'
import { algorithms as knownAlgorithms } from '../jose/signature.ts'
import { readKeySet } from '../token/keys.ts'
import type { Algorithm } from '../types/options.ts'

export interface IssuerPolicy {
  readonly issuer: string
  readonly jwks: JSONWebKeySet | undefined
  readonly jwksUri: string | undefined
  readonly keys: { readonly freshSeconds: number; readonly staleSeconds: number; readonly timeoutMs: number }
  readonly dialect: 'rfc9068'
  readonly audience: ReadonlySet<string>
  readonly algorithms: ReadonlySet<Algorithm>
  readonly maxTokenSeconds: number
  readonly actorIssuers: 'own' | 'any' | false | ReadonlySet<string>
  readonly agentClients: ReadonlySet<string>
  readonly ignoreCnf: ReadonlySet<string>
  readonly dpopSchemeForMtls: boolean
  readonly allowUnbound: boolean
  readonly missingAudienceClients: ReadonlySet<string>
  /** Where this issuer's options stand, for hints and describe(). */
  readonly path: string
}

/** RFC 9068 §2.1 asks for RS256. */
const defaultAlgorithms: readonly Algorithm[] = ['ES256', 'ES384', 'Ed25519', 'EdDSA', 'PS256', 'RS256']
/** A bearer secret for five minutes at most. */
export const defaultTokenSeconds = 300

const names = [
  'issuer',
  'jwks',
  'jwksUri',
  'keys',
  'dialect',
  'audience',
  'algorithms',
  'maxTokenSeconds',
  'actorIssuers',
  'agentClients',
  'ignoreCnf',
  'dpopSchemeForMtls',
  'dangerously',
]

export function readIssuers(
  read: OptionReader,
  value: unknown,
  audience: readonly string[],
): ReadonlyMap<string, IssuerPolicy> {
  const issuers = new Map<string, IssuerPolicy>()
  if (value === undefined) read.problem('issuer', 'is required')
  const items: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  if (Array.isArray(value) && value.length === 0) read.problem('issuer', 'must name at least one issuer')
  for (const [index, item] of items.entries()) {
    const path = Array.isArray(value) ? `issuer[${index}]` : 'issuer'
    const policy = readIssuer(read, path, item, audience)
    if (policy === undefined) continue
    if (issuers.has(policy.issuer)) read.problem(path, 'is configured twice')
    issuers.set(policy.issuer, policy)
  }
  return issuers
}

function readIssuer(
  read: OptionReader,
  path: string,
  value: unknown,
  audience: readonly string[],
): IssuerPolicy | undefined {
  const raw = read.object(path, typeof value === 'string' ? { issuer: value } : value, names)
  if (raw === undefined) return read.problem(path, 'must be an issuer URL or an object')
  const at = typeof value === 'string' ? path : `${path}.issuer`
  const issuer = raw['issuer'] === undefined ? read.problem(at, 'is required') : read.string(at, raw['issuer'])
  const algorithms = readAlgorithms(read, `${path}.algorithms`, raw['algorithms']) ?? defaultAlgorithms
  const jwks = readJwks(read, `${path}.jwks`, raw['jwks'], new Set(algorithms))
  const jwksUri = readUrl(read, `${path}.jwksUri`, raw['jwksUri'])
  if (jwks !== undefined && jwksUri !== undefined) read.problem(`${path}.jwksUri`, 'must not stand beside jwks')
  const isDiscovered = raw['jwks'] === undefined && raw['jwksUri'] === undefined
  if (issuer !== undefined && isDiscovered) readDiscoverable(read, at, issuer)
  const keys = read.object(`${path}.keys`, raw['keys'], ['freshSeconds', 'staleSeconds', 'timeoutMs'])
  const relaxed = read.object(`${path}.dangerously`, raw['dangerously'], ['allowUnbound', 'allowMissingAudience'])
  const missing = read.object(`${path}.dangerously.allowMissingAudience`, relaxed?.['allowMissingAudience'], [
    'clients',
  ])
  if (missing !== undefined && missing['clients'] === undefined) {
    read.problem(`${path}.dangerously.allowMissingAudience.clients`, 'is required')
  }
  const set = (name: string) => new Set(read.strings(`${path}.${name}`, raw[name]))
  const own = read.stringOrList(`${path}.audience`, raw['audience'])
  const ignoreCnf = set('ignoreCnf')
  for (const member of ['jkt', 'x5t#S256']) {
    if (ignoreCnf.has(member)) read.problem(`${path}.ignoreCnf`, `must not name ${member}`)
  }
  return {
    issuer: issuer ?? '',
    jwks,
    jwksUri,
    keys: {
      freshSeconds: read.number(`${path}.keys.freshSeconds`, keys?.['freshSeconds'], 1, 86_400) ?? 600,
      staleSeconds: read.number(`${path}.keys.staleSeconds`, keys?.['staleSeconds'], 0, 604_800) ?? 3_600,
      timeoutMs: read.number(`${path}.keys.timeoutMs`, keys?.['timeoutMs'], 1, 60_000) ?? 5_000,
    },
    dialect: read.oneOf(`${path}.dialect`, raw['dialect'], ['rfc9068'] as const) ?? 'rfc9068',
    audience: new Set(own ?? audience),
    algorithms: new Set(algorithms),
    maxTokenSeconds:
      read.number(`${path}.maxTokenSeconds`, raw['maxTokenSeconds'], 1, 31_536_000) ?? defaultTokenSeconds,
    actorIssuers: readActorIssuers(read, `${path}.actorIssuers`, raw['actorIssuers']),
    agentClients: set('agentClients'),
    ignoreCnf,
    dpopSchemeForMtls: read.boolean(`${path}.dpopSchemeForMtls`, raw['dpopSchemeForMtls']) ?? false,
    allowUnbound: read.oneOf(`${path}.dangerously.allowUnbound`, relaxed?.['allowUnbound'], [true] as const) ?? false,
    missingAudienceClients: new Set(
      read.strings(`${path}.dangerously.allowMissingAudience.clients`, missing?.['clients']),
    ),
    path,
  }
}

function readJwks(
  read: OptionReader,
  path: string,
  value: unknown,
  accepted: ReadonlySet<Algorithm>,
): JSONWebKeySet | undefined {
  if (value === undefined) return undefined
  try {
    const copy: unknown = JSON.parse(JSON.stringify(value))
    if (readKeySet(copy, accepted).length > 0) return copy as JSONWebKeySet
  } catch {
    // Said below.
  }
  return read.problem(path, 'must be a JWK Set with at least one usable public key')
}

function readUrl(read: OptionReader, path: string, value: unknown): string | undefined {
  const text = read.string(path, value)
  if (text === undefined) return undefined
  const url = readHttpsUrl(text)
  return typeof url === 'string' ? read.problem(path, url) : text
}

/** RFC 8414 §2: no query. */
function readDiscoverable(read: OptionReader, path: string, issuer: string): void {
  readUrl(read, path, issuer)
  if (issuer.includes('?')) read.problem(path, 'must not have a query')
}

export function readAlgorithms(read: OptionReader, path: string, value: unknown): readonly Algorithm[] | undefined {
  return read.list(path, value, (at, item) => read.oneOf(at, item, knownAlgorithms))
}

function readActorIssuers(read: OptionReader, path: string, value: unknown): IssuerPolicy['actorIssuers'] {
  if (value === undefined) return 'own'
  if (value === 'own' || value === 'any' || value === false) return value
  if (Array.isArray(value)) return new Set(read.strings(path, value))
  read.problem(path, "must be 'own', 'any', false or a list of issuers")
  return 'own'
}
