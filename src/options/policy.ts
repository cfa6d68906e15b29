import { problemsFor, type Requirement, readRequirement } from '../access/requirement.ts'
import { clockFrom } from '../internal/clock.ts'
import { OptionReader } from '../internal/option-reader.ts'
import { readHttpsUrl } from '../internal/urls.ts'
import { normalizeUrl } from '../sender/proof-url.ts'
import type { AuditSink } from '../types/audit.ts'
import type { Clock, RevocationSource, VerifierOptions } from '../types/options.ts'
import { type IssuerPolicy, readIssuers } from './issuer.ts'
import { type DpopPolicy, readDpop, readMtls } from './sender.ts'

/** Raw options → one frozen policy. Nothing after this looks at raw options. */
export interface Policy {
  readonly issuers: ReadonlyMap<string, IssuerPolicy>
  readonly resource: string
  /** Normalised, without trailing slash. */
  readonly publicUrls: readonly string[]
  readonly dpop: DpopPolicy | false
  readonly mtls: { readonly certificate: 'socket' } | false
  readonly takesBearer: boolean
  readonly takesDpop: boolean
  readonly token: { readonly toleranceSeconds: number; readonly maxBytes: number }
  readonly maxDepth: number
  readonly access: Requirement | undefined
  readonly cache: { readonly tokens: number; readonly tokenSeconds: number; readonly proofKeys: number }
  readonly revocation: RevocationSource | undefined
  readonly audit: { readonly sinks: readonly AuditSink[]; readonly required: boolean }
  readonly metadata: Readonly<Record<string, unknown>> | false
  readonly problemCodes: boolean
  readonly clock: Clock
  readonly fetch: typeof fetch
}

const names = [
  'issuer',
  'resource',
  'audience',
  'publicUrl',
  'dpop',
  'mtls',
  'token',
  'delegation',
  'access',
  'cache',
  'revocation',
  'audit',
  'metadata',
  'problemCodes',
  'clock',
  'fetch',
]

export function readOptions(options: VerifierOptions): Policy {
  const read = new OptionReader()
  const raw = read.object('options', options, names) ?? {}
  if (options === undefined) read.problem('options', 'issuer and resource are required')
  const resource = readResource(read, raw['resource'])
  const audience = read.stringOrList('audience', raw['audience']) ?? [resource]
  const issuers = readIssuers(read, raw['issuer'], audience)
  const dpop = readDpop(read, raw['dpop'])
  const mtls = readMtls(read, raw['mtls'])
  const token = read.object('token', raw['token'], ['clockToleranceSeconds', 'maxBytes'])
  const delegation = read.object('delegation', raw['delegation'], ['maxDepth'])
  const cache = read.object('cache', raw['cache'], ['tokens', 'tokenSeconds', 'proofKeys'])
  const access = readBaseline(read, raw['access'], [...issuers.keys()])
  const everyIssuer = [...issuers.values()]
  const anyUnbound = everyIssuer.some((issuer) => issuer.allowUnbound)
  if (dpop === false && mtls === false && !anyUnbound) {
    read.problem('dpop', 'with mtls also false no token could ever be accepted: leave one of them on')
  }
  const policy: Policy = {
    issuers,
    resource,
    publicUrls: readPublicUrls(read, raw['publicUrl'], resource),
    dpop,
    mtls,
    takesBearer: mtls !== false || anyUnbound,
    takesDpop: dpop !== false || everyIssuer.some((issuer) => issuer.dpopSchemeForMtls),
    token: {
      toleranceSeconds: read.number('token.clockToleranceSeconds', token?.['clockToleranceSeconds'], 0, 300) ?? 5,
      maxBytes: read.number('token.maxBytes', token?.['maxBytes'], 256, 1_048_576) ?? 8_192,
    },
    maxDepth: read.number('delegation.maxDepth', delegation?.['maxDepth'], 1, 100) ?? 5,
    access,
    cache: {
      tokens: read.number('cache.tokens', cache?.['tokens'], 1, 10_000_000) ?? 10_000,
      tokenSeconds: read.number('cache.tokenSeconds', cache?.['tokenSeconds'], 0, 3_600) ?? 60,
      proofKeys: read.number('cache.proofKeys', cache?.['proofKeys'], 1, 10_000_000) ?? 10_000,
    },
    revocation: read.methods<RevocationSource>('revocation', raw['revocation'], ['isRevoked']),
    audit: readAudit(read, raw['audit']),
    metadata: readMetadata(read, raw['metadata']),
    problemCodes: read.boolean('problemCodes', raw['problemCodes']) ?? true,
    clock: clockFrom(readClock(read, raw['clock'])),
    fetch: read.function<typeof fetch>('fetch', raw['fetch']) ?? globalThis.fetch,
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

function readResource(read: OptionReader, value: unknown): string {
  const text = value === undefined ? read.problem('resource', 'is required') : read.string('resource', value)
  if (text === undefined) return ''
  const url = readHttpsUrl(text)
  if (typeof url === 'string') read.problem('resource', url)
  return text
}

function readPublicUrls(read: OptionReader, value: unknown, resource: string): readonly string[] {
  if (value === undefined) return URL.canParse(resource) ? [new URL(resource).origin] : []
  const list = read.stringOrList('publicUrl', value) ?? []
  return list.map((text) => {
    const url = readHttpsUrl(text)
    const normal = normalizeUrl(text)
    if (typeof url === 'string') read.problem('publicUrl', url)
    else if (text.includes('?')) read.problem('publicUrl', 'must not have a query')
    else if (normal === undefined) read.problem('publicUrl', 'must be an absolute URL of RFC 3986 characters')
    return (normal ?? text).replace(/\/+$/, '')
  })
}

function readAudit(read: OptionReader, value: unknown): Policy['audit'] {
  const sink = (path: string, item: unknown) => read.methods<AuditSink>(path, item, ['write'])
  if (value === undefined) return { sinks: [], required: false }
  if (Array.isArray(value)) return { sinks: read.list('audit', value, sink) ?? [], required: false }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'sink')) {
    const one = sink('audit', value)
    return { sinks: one === undefined ? [] : [one], required: false }
  }
  const raw = read.object('audit', value, ['sink', 'required'])
  if (raw?.['required'] !== true) read.problem('audit.required', 'must be true beside sink')
  const one = sink('audit.sink', raw?.['sink'])
  if (raw?.['sink'] === undefined) read.problem('audit.sink', 'is required')
  return { sinks: one === undefined ? [] : [one], required: true }
}

function readMetadata(read: OptionReader, value: unknown): Policy['metadata'] {
  if (value === undefined || value === true) return {}
  if (value === false) return false
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    read.problem('metadata', 'must be true, false or an object of further members')
    return {}
  }
  for (const name of generatedMembers) {
    if (Object.hasOwn(value, name)) read.problem(`metadata.${name}`, 'follows from the other options')
  }
  read.strings('metadata.scopes_supported', (value as Record<string, unknown>)['scopes_supported'])
  try {
    return JSON.parse(JSON.stringify(value)) as Record<string, unknown>
  } catch {
    read.problem('metadata', 'must hold JSON data only')
    return {}
  }
}

const generatedMembers = [
  'resource',
  'authorization_servers',
  'bearer_methods_supported',
  'dpop_signing_alg_values_supported',
  'dpop_bound_access_tokens_required',
  'tls_client_certificate_bound_access_tokens',
]

function readClock(read: OptionReader, value: unknown): (() => number) | Clock | undefined {
  if (typeof value === 'function') return value as () => number
  return read.methods<Clock>('clock', value, ['now', 'monotonic'])
}
