import { problemsFor, type Requirement, readRequirement } from '../access/requirement.ts'
import { clockFrom } from '../internal/clock.ts'
import { namesOf, OptionReader, type RawOptions } from '../internal/option-reader.ts'
import type {
  CacheOptions,
  Clock,
  DelegationOptions,
  RevocationSource,
  TokenOptions,
  VerifierOptions,
} from '../types/options.ts'
import { type AuditPolicy, readAudit } from './audit.ts'
import { choices } from './defaults.ts'
import { type IssuerPolicy, readIssuers } from './issuer.ts'
import { readNumber } from './read-number.ts'
import { readPublicUrls, readResource } from './resource.ts'
import { readMetadataOption } from './resource-metadata.ts'
import { type DpopPolicy, readDpop, readMtls } from './sender.ts'

/** What the options mean, read once and frozen. Nothing else looks at raw options. */
export interface Policy {
  readonly issuers: ReadonlyMap<string, IssuerPolicy>
  readonly resource: string
  /** Normalised, without trailing slash. */
  readonly publicUrls: readonly string[]
  readonly dpop: DpopPolicy | false
  /** Whether certificate-bound tokens are taken. */
  readonly mtls: boolean
  readonly takesBearer: boolean
  readonly takesDpop: boolean
  readonly token: { readonly toleranceSeconds: number; readonly maxBytes: number }
  readonly maxDepth: number
  readonly access: Requirement | undefined
  readonly cache: { readonly tokens: number; readonly tokenSeconds: number; readonly proofKeys: number }
  readonly revocation: RevocationSource | undefined
  readonly audit: AuditPolicy
  readonly metadata: Readonly<Record<string, unknown>> | false
  readonly problemCodes: boolean
  readonly clock: Clock
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
  problemCodes: true,
  clock: true,
  fetch: true,
})
const tokenNames = namesOf<TokenOptions>({ clockToleranceSeconds: true, maxBytes: true })
const delegationNames = namesOf<DelegationOptions>({ maxDepth: true })
const cacheNames = namesOf<CacheOptions>({ tokens: true, tokenSeconds: true, proofKeys: true })

export function readOptions(options: VerifierOptions): Policy {
  const read = new OptionReader()
  const raw: RawOptions<keyof VerifierOptions> = read.object('options', options, names) ?? {}
  if (options === undefined) read.problem('options', 'are required: issuer and resource at least')
  const resource = readResource(read, raw.resource)
  const audience = read.stringOrList('audience', raw.audience) ?? [resource]
  const issuers = readIssuers(read, raw.issuer, audience)
  const dpop = readDpop(read, raw.dpop)
  const mtls = readMtls(read, raw.mtls)
  const access = readBaseline(read, raw.access, [...issuers.keys()])
  const everyIssuer = [...issuers.values()]
  const anyUnbound = everyIssuer.some((issuer) => issuer.allowUnbound)
  if (dpop === false && mtls === false && !anyUnbound) {
    read.problem('dpop', 'must not be false together with mtls: no token could be accepted')
  }
  const policy: Policy = {
    issuers,
    resource,
    publicUrls: readPublicUrls(read, raw.publicUrl, resource),
    dpop,
    mtls,
    takesBearer: mtls !== false || anyUnbound,
    takesDpop: dpop !== false || everyIssuer.some((issuer) => issuer.dpopSchemeForMtls),
    token: readTokenOptions(read, raw.token),
    maxDepth: readMaxDepth(read, raw.delegation),
    access,
    cache: readCacheOptions(read, raw.cache),
    revocation: read.methods<RevocationSource>('revocation', raw.revocation, ['isRevoked']),
    audit: readAudit(read, raw.audit),
    metadata: readMetadataOption(read, raw.metadata),
    problemCodes: read.boolean('problemCodes', raw.problemCodes) ?? choices.problemCodes.default,
    clock: clockFrom(readClock(read, raw.clock)),
    fetch: read.function<typeof fetch>('fetch', raw.fetch) ?? globalFetch,
  }
  read.finish()
  return Object.freeze(policy)
}

function readBaseline(read: OptionReader, value: unknown, issuers: readonly string[]): Requirement | undefined {
  if (value === undefined) return undefined
  const baseline = readRequirement(read, 'access', value)
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

function readMaxDepth(read: OptionReader, value: unknown): number {
  return readNumber(read, 'delegation.maxDepth', read.object('delegation', value, delegationNames)?.maxDepth)
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
