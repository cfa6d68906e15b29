import { namesOf, type OptionReader, type RawOptions } from '../internal/option-reader.ts'
import type { OptionalClaim } from '../token/claim-names.ts'
import type { Dialect } from '../types/dialect.ts'
import type { AgentClient, DangerousOptions, IssuerOptions, MissingAudienceOptions } from '../types/issuer-options.ts'
import type { Algorithm, ReportableCheck } from '../types/options.ts'
import { choices, algorithms as defaultAlgorithms } from './defaults.ts'
import { readDialect, typesOf } from './dialect.ts'
import { type IntrospectionPolicy, readIntrospection } from './introspection.ts'
import { type KeySource, readDiscoverable, readKeySource } from './issuer-keys.ts'
import { readAlgorithms } from './read-algorithms.ts'
import { readNumber } from './read-number.ts'

export interface IssuerPolicy extends KeySource {
  readonly issuer: string
  readonly audience: ReadonlySet<string>
  /** The option that the audiences come from. */
  readonly audiencePath: string
  readonly algorithms: ReadonlySet<Algorithm>
  readonly maxTokenSeconds: number
  readonly actorIssuers: 'own' | 'any' | false | ReadonlySet<string>
  readonly dialect: Dialect
  /** The accepted `typ`, normalised; null stands for none. */
  readonly types: ReadonlySet<string | null>
  /** The dialect's and the options'. */
  readonly optionalClaims: ReadonlySet<OptionalClaim>
  /** Whether the options name any. */
  readonly hasOptionalClaims: boolean
  readonly actorClaims: 'sub' | 'sub-or-client_id'
  /** Client ids, each with whom the client acts for, where the options say. */
  readonly agentClients: ReadonlyMap<string, AgentClient['actsFor'] | undefined>
  readonly introspection: IntrospectionPolicy | undefined
  readonly dpopSchemeForMtls: boolean
  readonly allowUnbound: boolean
  readonly missingAudienceClients: ReadonlySet<string>
  /** The verifier's `dangerously.allowHttp`. */
  readonly httpHosts: ReadonlySet<string>
  /** Where this issuer is among the options, for hints and describe(). */
  readonly path: string
}

const names = namesOf<IssuerOptions>({
  issuer: true,
  jwks: true,
  jwksUri: true,
  keys: true,
  dialect: true,
  audience: true,
  algorithms: true,
  maxTokenSeconds: true,
  actorIssuers: true,
  optionalClaims: true,
  actorClaims: true,
  agentClients: true,
  introspection: true,
  dpopSchemeForMtls: true,
  dangerously: true,
})
const dangerousNames = namesOf<DangerousOptions>({ allowUnbound: true, allowMissingAudience: true })
const agentClientNames = namesOf<AgentClient>({ client: true, actsFor: true })
const missingAudienceNames = namesOf<MissingAudienceOptions>({ clients: true })

/** What the issuers take from the verifier's own options. */
export interface CommonPolicy {
  readonly audience: readonly string[]
  readonly httpHosts: ReadonlySet<string>
  readonly reportOnly: ReadonlySet<ReportableCheck>
}

export function readIssuer(
  read: OptionReader,
  path: string,
  value: unknown,
  { audience, httpHosts, reportOnly }: CommonPolicy,
): IssuerPolicy | undefined {
  const raw = read.object(path, typeof value === 'string' ? { issuer: value } : value, names)
  if (raw === undefined) return read.problem(path, 'must be an issuer URL or an object')
  const at = typeof value === 'string' ? path : `${path}.issuer`
  const issuer = raw.issuer === undefined ? read.problem(at, 'is required') : read.string(at, raw.issuer)
  const algorithms =
    readAlgorithms(read, `${path}.algorithms`, raw.algorithms) ?? defaultAlgorithms['issuer.algorithms']
  const isDiscovered = raw.jwks === undefined && raw.jwksUri === undefined
  if (issuer !== undefined && isTemplate(issuer)) {
    read.problem(
      at,
      'must be the iss of the tokens as it is, because it is compared character by character. Use an IssuerResolver for many issuers',
    )
  }
  if (issuer !== undefined && isDiscovered) readDiscoverable(read, at, issuer, httpHosts)
  const own = read.stringOrList(`${path}.audience`, raw.audience)
  const dialect = readDialect(read, `${path}.dialect`, raw.dialect)
  const optionalClaims = readOptionalClaims(read, `${path}.optionalClaims`, raw.optionalClaims)
  const dangerous = readDangerous(read, `${path}.dangerously`, raw.dangerously)
  if (dangerous.allowUnbound && reportOnly.has('token_audience')) {
    read.problem(`${path}.dangerously.allowUnbound`, 'must not be given while reportOnly names token_audience')
  }
  return {
    issuer: issuer ?? '',
    ...readKeySource(read, path, raw, { accepted: new Set(algorithms), httpHosts }),
    audience: new Set(own ?? audience),
    audiencePath: own === undefined ? 'audience' : `${path}.audience`,
    algorithms: new Set(algorithms),
    maxTokenSeconds: readNumber(read, 'issuer.maxTokenSeconds', raw.maxTokenSeconds, `${path}.maxTokenSeconds`),
    actorIssuers: readActorIssuers(read, `${path}.actorIssuers`, raw.actorIssuers),
    dialect,
    types: typesOf(dialect),
    optionalClaims: new Set([...(dialect.optionalClaims ?? []), ...optionalClaims]),
    hasOptionalClaims: optionalClaims.length > 0,
    actorClaims:
      read.oneOf(`${path}.actorClaims`, raw.actorClaims, choices['issuer.actorClaims'].allowed) ??
      choices['issuer.actorClaims'].default,
    agentClients: readAgentClients(read, `${path}.agentClients`, raw.agentClients),
    introspection: readIntrospection(read, path, raw.introspection, { issuer, at, httpHosts }),
    dpopSchemeForMtls:
      read.boolean(`${path}.dpopSchemeForMtls`, raw.dpopSchemeForMtls) ?? choices['issuer.dpopSchemeForMtls'].default,
    ...dangerous,
    httpHosts,
    path,
  }
}

/**
 * A pattern for several issuers. Entra's `common`, `organizations` and `consumers` are one: its tokens name the id of a
 * tenant there.
 */
function isTemplate(issuer: string): boolean {
  if (/[{}*]/.test(issuer)) return true
  const { hostname, pathname } = URL.canParse(issuer) ? new URL(issuer) : { hostname: '', pathname: '' }
  const isEntra = /(?:^|\.)(?:microsoftonline\.(?:com|us|cn|de)|windows\.net|chinacloudapi\.cn)$/.test(hostname)
  return isEntra && /^\/(?:common|organizations|consumers)(?:\/|$)/i.test(pathname)
}

function readOptionalClaims(read: OptionReader, path: string, value: unknown): readonly OptionalClaim[] {
  return read.list(path, value, (at, item) => read.oneOf(at, item, ['client_id', 'jti', 'iat'] as const)) ?? []
}

function readAgentClients(read: OptionReader, path: string, value: unknown): IssuerPolicy['agentClients'] {
  const clients = new Map<string, AgentClient['actsFor'] | undefined>()
  read.list(path, value, (at, item) => {
    const raw = typeof item === 'string' ? { client: item } : read.object(at, item, agentClientNames)
    if (raw === undefined) return undefined
    const own = typeof item === 'string' ? at : `${at}.client`
    const client = raw.client === undefined ? read.problem(own, 'is required') : read.string(own, raw.client)
    const actsFor =
      'actsFor' in raw ? read.oneOf(`${at}.actsFor`, raw.actsFor, ['users', 'itself'] as const) : undefined
    if (typeof item !== 'string' && raw.actsFor === undefined) read.problem(`${at}.actsFor`, 'is required')
    if (client === undefined) return undefined
    if (clients.has(client)) read.problem(at, 'names a client that is already in the list')
    clients.set(client, actsFor)
    return client
  })
  return clients
}

function readDangerous(
  read: OptionReader,
  path: string,
  value: unknown,
): Pick<IssuerPolicy, 'allowUnbound' | 'missingAudienceClients'> {
  const raw: RawOptions<keyof DangerousOptions> = read.object(path, value, dangerousNames) ?? {}
  const at = `${path}.allowMissingAudience`
  const missing = read.object(at, raw.allowMissingAudience, missingAudienceNames)
  if (missing !== undefined && missing.clients === undefined) read.problem(`${at}.clients`, 'is required')
  return {
    allowUnbound: read.oneOf(`${path}.allowUnbound`, raw.allowUnbound, [true] as const) ?? false,
    missingAudienceClients: new Set(read.strings(`${at}.clients`, missing?.clients)),
  }
}

function readActorIssuers(read: OptionReader, path: string, value: unknown): IssuerPolicy['actorIssuers'] {
  const { default: usual, allowed } = choices['issuer.actorIssuers']
  if (value === undefined) return usual
  if (Array.isArray(value)) return new Set(read.strings(path, value))
  const choice = allowed.find((one) => one === value)
  if (choice !== undefined) return choice
  read.problem(path, "must be 'own', 'any', false or a list of issuers")
  return usual
}
