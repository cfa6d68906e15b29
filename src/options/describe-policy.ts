import { isMemoryReplayStore } from '../replay/memory-store.ts'
import { sharedStoreOf } from '../replay/shared-stores.ts'
import type { PolicyDescription } from '../types/verifier.ts'
import type { CertificateSource } from './certificate.ts'
import { choices, fixed, numbers } from './defaults.ts'
import type { IntrospectionPolicy } from './introspection.ts'
import type { Policy } from './policy.ts'
import { isPkcs1 } from './read-algorithms.ts'
import { type DpopPolicy, defaultFreshness } from './sender.ts'

/** The policy in force as data, for an operator to print at start. It contains no secret. */
export function describePolicy(policy: Policy, metadataUrl: string | undefined): PolicyDescription {
  const issuers = [...policy.issuers.values()]
  // A copy, so that changes to the description cannot change the policy.
  return structuredClone<PolicyDescription>({
    resource: policy.resource,
    publicUrls: policy.publicUrls,
    issuers: issuers.map((issuer) => ({
      issuer: issuer.issuer,
      keys: issuer.jwks !== undefined ? 'static' : issuer.jwksUri !== undefined ? 'jwksUri' : 'discovery',
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      maxTokenSeconds: issuer.maxTokenSeconds,
      dialect: issuer.dialect.name,
      actorIssuers: issuer.actorIssuers instanceof Set ? [...issuer.actorIssuers] : issuer.actorIssuers,
      introspection: issuer.introspection === undefined ? false : describeIntrospection(issuer.introspection),
    })) as PolicyDescription['issuers'],
    resolvers: policy.resolvers.map(({ max, freshSeconds }) => ({ max, freshSeconds })),
    schemes: [...(policy.takesBearer ? (['Bearer'] as const) : []), ...(policy.takesDpop ? (['DPoP'] as const) : [])],
    dpop: policy.dpop === false ? false : describeDpop(policy.dpop, policy.reportOnly),
    mtls: policy.mtls && { certificate: describeCertificate(policy.mtls) },
    token: { clockToleranceSeconds: policy.token.toleranceSeconds, maxBytes: policy.token.maxBytes },
    delegation: {
      maxDepth: policy.maxDepth,
      requireOwner: policy.requireOwner,
      directory: policy.directory !== undefined,
    },
    cache: policy.cache,
    metadata: metadataUrl ?? null,
    reportOnly: [...policy.reportOnly],
    relaxations: policyRelaxations(policy),
  })
}

function describeIntrospection({ endpoint, client, cacheSeconds, signed, ...rest }: IntrospectionPolicy) {
  return {
    for: rest.for,
    endpoint: endpoint === undefined ? 'discovery' : 'configured',
    client: 'secret' in client ? 'client_secret_basic' : 'private_key_jwt',
    cacheSeconds,
    signed,
  }
}

function describeCertificate(source: CertificateSource) {
  if (source.from !== 'header') return source.from
  const { name, format, chain, verified = null, trustedProxies } = source
  const requires = `The proxy must remove a client's own line of ${name}, also where the client has no certificate.`
  return { header: name, format, chain, verified, trustedProxies, requires }
}

function describeDpop(dpop: DpopPolicy, reportOnly: Policy['reportOnly']): PolicyDescription['dpop'] {
  const { nonce, replay, hasOwnReplay: _, ...rest } = dpop
  const isForgetful = reportOnly.has('proof_expired') || reportOnly.has('proof_not_active')
  const isMemory = isMemoryReplayStore(replay)
  const shared = sharedStoreOf(replay)
  const windowSeconds = windowOf(dpop)
  const capacity = isMemory ? replay.capacity : null
  return {
    ...rest,
    nonce: nonce === undefined ? false : { seconds: nonce.seconds, mode: nonce.mode },
    replay: {
      store: isMemory ? 'memory' : (shared?.store ?? 'custom'),
      scope: isForgetful ? 'none' : isMemory ? 'process' : shared === undefined ? 'store' : 'shared',
      windowSeconds,
      notes: shared === undefined ? [] : [...shared.notes, outageNote(dpop)],
      capacity,
      requestsPerSecond: capacity === null ? null : Math.floor(capacity / (windowSeconds + fixed.replayBatchSeconds)),
    },
  }
}

/** Until the first proof that cannot have been used before the loss. */
function outageNote({ freshness, nonce, futureSeconds }: DpopPolicy): string {
  const isByNonce = freshness === 'nonce' && nonce !== undefined
  const seconds = (isByNonce ? 0 : futureSeconds) + fixed.sharedReplaySeconds
  return isByNonce
    ? `On an empty server every proof is refused until its nonce is from more than ${seconds} s later.`
    : `On an empty server every proof is refused for ${seconds} s, of clients whose clocks are right.`
}

/** How long a proof may have to be remembered: from the earliest moment at which it can pass to the last. */
function windowOf({ freshness, nonce, maxAgeSeconds, futureSeconds }: DpopPolicy): number {
  const byIat = maxAgeSeconds + futureSeconds
  if (freshness === 'on-skew') return Math.max(byIat, nonce?.seconds ?? 0)
  return freshness === 'nonce' && nonce !== undefined ? nonce.seconds : byIat
}

function policyRelaxations(policy: Policy): readonly string[] {
  const list: string[] = policy.httpHosts.size > 0 ? ['dangerously.allowHttp'] : []
  if (policy.reportOnly.size > 0) list.push('reportOnly')
  for (const issuer of policy.issuers.values()) {
    if (issuer.allowUnbound) list.push(`${issuer.path}.dangerously.allowUnbound`)
    if (issuer.missingAudienceClients.size > 0) list.push(`${issuer.path}.dangerously.allowMissingAudience`)
    if (issuer.maxTokenSeconds > numbers['issuer.maxTokenSeconds'].default) list.push(`${issuer.path}.maxTokenSeconds`)
    if (issuer.keys.freshSeconds > numbers['issuer.keys.freshSeconds'].default)
      list.push(`${issuer.path}.keys.freshSeconds`)
    if (issuer.keys.staleSeconds > numbers['issuer.keys.staleSeconds'].default)
      list.push(`${issuer.path}.keys.staleSeconds`)
    if (issuer.actorIssuers !== 'own' && issuer.actorIssuers !== false) list.push(`${issuer.path}.actorIssuers`)
    if (issuer.hasOptionalClaims) list.push(`${issuer.path}.optionalClaims`)
    if (issuer.actorClaims !== 'sub') list.push(`${issuer.path}.actorClaims`)
    const { cacheSeconds = 0 } = issuer.introspection ?? {}
    if (cacheSeconds > numbers['issuer.introspection.cacheSeconds'].default)
      list.push(`${issuer.path}.introspection.cacheSeconds`)
    if (issuer.dpopSchemeForMtls) list.push(`${issuer.path}.dpopSchemeForMtls`)
  }
  for (const { path, freshSeconds } of policy.resolvers) {
    if (freshSeconds > numbers['issuerResolver.freshSeconds'].default) list.push(`${path}.freshSeconds`)
  }
  if (policy.token.toleranceSeconds > numbers['token.clockToleranceSeconds'].default)
    list.push('token.clockToleranceSeconds')
  if (policy.maxDepth > numbers['delegation.maxDepth'].default) list.push('delegation.maxDepth')
  return policy.dpop === false ? list : [...list, ...dpopRelaxations(policy.dpop)]
}

function dpopRelaxations({
  maxAgeSeconds,
  futureSeconds,
  algorithms,
  freshness,
  nonce,
}: DpopPolicy): readonly string[] {
  const list: string[] = []
  if (maxAgeSeconds > numbers['dpop.maxAgeSeconds'].default) list.push('dpop.maxAgeSeconds')
  if (futureSeconds > numbers['dpop.futureSeconds'].default) list.push('dpop.futureSeconds')
  if ((nonce?.seconds ?? 0) > numbers['dpop.nonce.seconds'].default) list.push('dpop.nonce.seconds')
  if (algorithms.some(isPkcs1)) list.push('dpop.algorithms')
  if (nonce !== undefined && nonce.mode !== choices['dpop.nonce.mode'].default) list.push('dpop.nonce.mode')
  if (freshness !== defaultFreshness(nonce)) list.push('dpop.freshness')
  return list
}
