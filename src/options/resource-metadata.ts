import { isPlainObject, type OptionReader } from '../internal/option-reader.ts'
import { hintAtPlainConnection, hintAtUnservedMetadata } from '../internal/process-warnings.ts'
import type { ResourceMetadata } from '../types/verifier.ts'
import { seesCertificateOverPlain } from './certificate.ts'
import type { Policy } from './policy.ts'

/** With a resolver the document names the authorization servers that the option names. */
export function readMetadataOption(read: OptionReader, value: unknown, hasResolver: boolean): Policy['metadata'] {
  if (value === undefined) return undefined
  if (value === true) return {}
  if (value === false) return false
  if (!isPlainObject(value)) {
    read.problem('metadata', 'must be true, false or an object with members to add')
    return {}
  }
  for (const name of generatedMembers) {
    if (name === 'authorization_servers' && hasResolver) continue
    if (Object.hasOwn(value, name))
      read.problem(`metadata.${name}`, 'must be left out: it follows from the other options')
  }
  const { scopes_supported, authorization_servers } = value as Record<string, unknown>
  read.strings('metadata.scopes_supported', scopes_supported)
  read.strings('metadata.authorization_servers', authorization_servers)
  try {
    return JSON.parse(JSON.stringify(value)) as Record<string, unknown>
  } catch {
    read.problem('metadata', 'must be JSON data')
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

/** RFC 9728 §3: the well-known part goes between host and path; a path of `/` alone is dropped. */
function metadataUrl(resource: string): URL {
  const url = new URL(resource)
  url.pathname = `/.well-known/oauth-protected-resource${url.pathname === '/' ? '' : url.pathname}`
  return url
}

export interface AdvertisedMetadata extends ResourceMetadata {
  /** What challenges name; undefined, with a warning, where nothing tells that the document can be reached there. */
  advertisedUrl(): string | undefined
}

export function createMetadata(policy: Policy): AdvertisedMetadata | undefined {
  if (policy.metadata === false) return undefined
  const url = metadataUrl(policy.resource)
  const configured = [...policy.issuers.values()]
  const mayBeUnbound = policy.resolvers.length > 0 || configured.some((issuer) => issuer.allowUnbound)
  const { scopes_supported: given = [], ...further } = (policy.metadata ?? {}) as {
    scopes_supported?: readonly string[]
  }
  const membersWith = (mtls: boolean) => ({
    resource: policy.resource,
    ...(configured.length === 0 ? {} : { authorization_servers: configured.map(({ issuer }) => issuer) }),
    bearer_methods_supported: ['header'],
    ...(policy.dpop === false ? {} : { dpop_signing_alg_values_supported: policy.dpop.algorithms }),
    ...(policy.dpop !== false && !mtls && !mayBeUnbound ? { dpop_bound_access_tokens_required: true } : {}),
    ...(mtls ? { tls_client_certificate_bound_access_tokens: true } : {}),
    ...further,
  })
  const members = membersWith(policy.mtls !== false)
  const membersOverPlain = membersWith(seesCertificateOverPlain(policy.mtls))
  const baseline =
    policy.access === undefined || policy.access.hidden ? [] : [...policy.access.scopes, ...policy.access.anyScope]
  const hasPath = policy.publicUrls.some((publicUrl) => new URL(publicUrl).pathname !== '/')
  const isExplicit = policy.metadata !== undefined
  let isAdvertised = isExplicit
  return {
    url: url.href,
    path: url.pathname + url.search,
    isExplicit,
    declareServed(by) {
      isAdvertised ||= by === 'resourceMetadata' || !hasPath
    },
    advertisedUrl() {
      if (isAdvertised) return url.href
      hintAtUnservedMetadata()
      return undefined
    },
    document(scopes, isPlain = false) {
      if (isPlain && policy.mtls !== false && policy.mtls.from === 'socket') hintAtPlainConnection()
      const fixed = isPlain ? membersOverPlain : members
      // RFC 9728 §3.2: a parameter without values is left out.
      const supported = [...new Set([...given, ...baseline, ...scopes])]
      return structuredClone(supported.length === 0 ? fixed : { ...fixed, scopes_supported: supported })
    },
  }
}
