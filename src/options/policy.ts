import { type PartyIssuers, partyIssuersOf } from '../access/party-rule.ts'
import { problemsFor, type Requirement, readRequirement } from '../access/requirement.ts'
import { clockFrom, type SafeClock } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import { isHostName } from '../internal/urls.ts'
import type { Directory } from '../types/directory.ts'
import type {
  CacheOptions,
  Clock,
  DangerousVerifierOptions,
  DelegationOptions,
  ReportableCheck,
  TokenOptions,
  VerifierOptions,
} from '../types/options.ts'
import type { RevocationSource } from '../types/revocation.ts'
import { type AuditPolicy, readAudit } from './audit.ts'
import { type CertificateSource, readMtls, varyOn } from './certificate.ts'
import { choices } from './defaults.ts'
import { type IssuersPolicy, readIssuers } from './issuers.ts'
import { readNumber } from './read-number.ts'
import { readReportOnly, refuseReportedTimes } from './report-only.ts'
import { audienceOf, readPublicUrls, readResource } from './resource.ts'
import { readMetadataOption } from './resource-metadata.ts'
import { type DpopPolicy, readDpop } from './sender.ts'

/** What the options mean, read once and frozen. Nothing else looks at raw options. */
export interface Policy extends IssuersPolicy {
  readonly resource: string
  /** Normalised, without trailing slash. */
  readonly publicUrls: readonly string[]
  /** Where http is allowed beside loopback hosts. */
  readonly httpHosts: ReadonlySet<string>
  readonly dpop: DpopPolicy | false
  /** Where the certificates of certificate-bound tokens come from; false where such tokens are refused. */
  readonly mtls: CertificateSource | false
  /** Of every answer of a guarded route. */
  readonly vary: string | undefined
  readonly takesBearer: boolean
  readonly takesDpop: boolean
  readonly token: { readonly toleranceSeconds: number; readonly maxBytes: number }
  readonly maxDepth: number
  readonly requireOwner: boolean
  readonly directory: Directory | undefined
  readonly access: Requirement | undefined
  readonly cache: { readonly tokens: number; readonly tokenSeconds: number; readonly proofKeys: number }
  readonly revocation: RevocationSource | undefined
  readonly audit: AuditPolicy
  /** Further members of the document; undefined where the option was left out. */
  readonly metadata: Readonly<Record<string, unknown>> | false | undefined
  /** Checks that are made and not enforced. */
  readonly reportOnly: ReadonlySet<ReportableCheck>
  /** How long a hook of the user's may take. */
  readonly hookTimeoutMs: number
  readonly problemCodes: boolean
  readonly clock: SafeClock
  readonly fetch: typeof fetch
}

const names = namesOf<VerifierOptions>({
  issuer: true,
  resource: true,
  audience: true,
  publicUrl: true,
  dpop: true,
  mtls: true,
  token: true,
  delegation: true,
  access: true,
  cache: true,
  revocation: true,
  audit: true,
  metadata: true,
  reportOnly: true,
  dangerously: true,
  hookTimeoutMs: true,
  problemCodes: true,
  clock: true,
  fetch: true,
})
const dangerousNames = namesOf<DangerousVerifierOptions>({ allowHttp: true })
const tokenNames = namesOf<TokenOptions>({ clockToleranceSeconds: true, maxBytes: true })
const delegationNames = namesOf<DelegationOptions>({ maxDepth: true, requireOwner: true, directory: true })
const cacheNames = namesOf<CacheOptions>({ tokens: true, tokenSeconds: true, proofKeys: true })

export function readOptions(options: VerifierOptions): Policy {
  const read = new OptionReader()
  const raw: RawOptions<keyof VerifierOptions> = read.object('options', options, names) ?? {}
  if (options === undefined) read.problem('options', 'are required: issuer and resource at least')
  const httpHosts = readHttpHosts(read, raw.dangerously)
  const resource = readResource(read, raw.resource, httpHosts)
  const audience = read.stringOrList('audience', raw.audience) ?? audienceOf(resource)
  const reportOnly = readReportOnly(read, raw.reportOnly)
  const trusted = readIssuers(read, raw.issuer, { audience, httpHosts, reportOnly })
  const dpop = readDpop(read, raw.dpop)
  const mtls = readMtls(read, raw.mtls)
  const access = readBaseline(read, raw.access, partyIssuersOf(trusted))
  const everyIssuer = [...trusted.issuers.values()]
  // What a resolver will answer is not known yet. To take a scheme admits no token: its issuer still decides.
  const hasResolver = trusted.resolvers.length > 0
  const anyUnbound =
    hasResolver || reportOnly.has('binding_missing') || everyIssuer.some((issuer) => issuer.allowUnbound)
  if (dpop === false && mtls === false && !anyUnbound) {
    read.problem('dpop', 'must not be false together with mtls: no token could be accepted')
  }
  refuseReportedTimes(read, reportOnly, dpop)
  const policy: Policy = {
    ...trusted,
    resource,
    publicUrls: readPublicUrls(read, raw.publicUrl, resource, httpHosts),
    httpHosts,
    dpop,
    mtls,
    vary: varyOn(mtls),
    takesBearer: mtls !== false || anyUnbound,
    takesDpop: dpop !== false || hasResolver || everyIssuer.some((issuer) => issuer.dpopSchemeForMtls),
    token: readTokenOptions(read, raw.token),
    ...readDelegationOptions(read, raw.delegation),
    access,
    cache: readCacheOptions(read, raw.cache),
    revocation: read.methods<RevocationSource>('revocation', raw.revocation, ['isRevoked']),
    audit: readAudit(read, raw.audit),
    metadata: readMetadataOption(read, raw.metadata, hasResolver),
    reportOnly,
    hookTimeoutMs: readNumber(read, 'hookTimeoutMs', raw.hookTimeoutMs),
    problemCodes: read.boolean('problemCodes', raw.problemCodes) ?? choices.problemCodes.default,
    clock: clockFrom(readClock(read, raw.clock)),
    fetch: read.function<typeof fetch>('fetch', raw.fetch) ?? globalFetch,
  }
  read.finish()
  return Object.freeze(policy)
}

function readHttpHosts(read: OptionReader, value: unknown): ReadonlySet<string> {
  const at = 'dangerously.allowHttp'
  const hosts = read.list(at, read.object('dangerously', value, dangerousNames)?.allowHttp, (path, item) => {
    const host = read.string(path, item)
    if (host === undefined || isHostName(host)) return host
    return read.problem(path, 'must be a host name in lower case, without scheme, port or wildcard')
  })
  return new Set(hosts)
}

function readBaseline(read: OptionReader, value: unknown, issuers: PartyIssuers): Requirement | undefined {
  if (value === undefined) return undefined
  const baseline = readRequirement(read, 'access', value)
  if (baseline.isReported) read.problem('access.reportOnly', 'must not be given in the baseline')
  for (const { path, message } of problemsFor(baseline, issuers)) read.problem(path, message)
  return baseline
}

function readTokenOptions(read: OptionReader, value: unknown): Policy['token'] {
  const raw: RawOptions<keyof TokenOptions> = read.object('token', value, tokenNames) ?? {}
  return {
    toleranceSeconds: readNumber(read, 'token.clockToleranceSeconds', raw.clockToleranceSeconds),
    maxBytes: readNumber(read, 'token.maxBytes', raw.maxBytes),
  }
}

function readDelegationOptions(
  read: OptionReader,
  value: unknown,
): Pick<Policy, 'maxDepth' | 'requireOwner' | 'directory'> {
  const raw: RawOptions<keyof DelegationOptions> = read.object('delegation', value, delegationNames) ?? {}
  return {
    maxDepth: readNumber(read, 'delegation.maxDepth', raw.maxDepth),
    requireOwner:
      read.boolean('delegation.requireOwner', raw.requireOwner) ?? choices['delegation.requireOwner'].default,
    directory: read.function<Directory>('delegation.directory', raw.directory),
  }
}

function readCacheOptions(read: OptionReader, value: unknown): Policy['cache'] {
  const raw: RawOptions<keyof CacheOptions> = read.object('cache', value, cacheNames) ?? {}
  return {
    tokens: readNumber(read, 'cache.tokens', raw.tokens),
    tokenSeconds: readNumber(read, 'cache.tokenSeconds', raw.tokenSeconds),
    proofKeys: readNumber(read, 'cache.proofKeys', raw.proofKeys),
  }
}

function readClock(read: OptionReader, value: unknown): (() => number) | Clock | undefined {
  if (typeof value === 'function') return value as () => number
  return read.methods<Clock>('clock', value, ['now', 'monotonic'])
}

/** Looked up at each call: tracing and test tools replace the global one after this module was loaded. */
const globalFetch: typeof fetch = (input, init) => globalThis.fetch(input, init)
