import { isMemoryReplayStore } from '../replay/memory-store.ts'
import type { PolicyDescription } from '../types/verifier.ts'
import type { Policy } from './policy.ts'
import type { DpopPolicy } from './sender.ts'

/** The policy in force, as data to print at start. Secrets are not in it. */
export function describePolicy(policy: Policy, metadataUrl: string | undefined): PolicyDescription {
  const issuers = [...policy.issuers.values()]
  // A copy: what the caller does with it cannot reach the policy.
  return structuredClone<PolicyDescription>({
    resource: policy.resource,
    publicUrls: policy.publicUrls,
    issuers: issuers.map((issuer) => ({
      issuer: issuer.issuer,
      keys: issuer.jwks !== undefined ? 'static' : issuer.jwksUri !== undefined ? 'jwksUri' : 'discovery',
      dialect: issuer.dialect,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      maxTokenSeconds: issuer.maxTokenSeconds,
      actorIssuers: issuer.actorIssuers instanceof Set ? [...issuer.actorIssuers] : issuer.actorIssuers,
    })) as PolicyDescription['issuers'],
    schemes: [...(policy.takesBearer ? (['Bearer'] as const) : []), ...(policy.takesDpop ? (['DPoP'] as const) : [])],
    dpop: policy.dpop === false ? false : describeDpop(policy.dpop),
    mtls: policy.mtls,
    token: { clockToleranceSeconds: policy.token.toleranceSeconds, maxBytes: policy.token.maxBytes },
    delegation: { maxDepth: policy.maxDepth },
    cache: policy.cache,
    metadata: metadataUrl ?? null,
    relaxations: relaxationsOf(policy),
  })
}

function describeDpop(dpop: DpopPolicy): PolicyDescription['dpop'] {
  const { nonce, replay, ...rest } = dpop
  const isMemory = isMemoryReplayStore(replay)
  const windowSeconds = windowOf(dpop)
  const capacity = isMemory ? replay.capacity : null
  return {
    ...rest,
    nonce: nonce === undefined ? false : { mode: 'required', seconds: nonce.seconds },
    replay: {
      store: isMemory ? 'memory' : 'custom',
      scope: isMemory ? 'process' : 'store',
      windowSeconds,
      capacity,
      requestsPerSecond: capacity === null ? null : Math.floor(capacity / (windowSeconds + forgottenLateSeconds)),
    },
  }
}

/** The memory forgets in stretches of ten seconds. */
const forgottenLateSeconds = 10

/** The longest a proof stays in the memory: from the earliest moment it is taken to the last. */
function windowOf({ freshness, nonce, maxAgeSeconds, futureSeconds }: DpopPolicy): number {
  return freshness === 'nonce' && nonce !== undefined ? nonce.seconds : maxAgeSeconds + futureSeconds
}

function relaxationsOf(policy: Policy): readonly string[] {
  const list: string[] = []
  for (const issuer of policy.issuers.values()) {
    if (issuer.allowUnbound) list.push(`${issuer.path}.dangerously.allowUnbound`)
    if (issuer.missingAudienceClients.size > 0) list.push(`${issuer.path}.dangerously.allowMissingAudience`)
    if (issuer.maxTokenSeconds > 300) list.push(`${issuer.path}.maxTokenSeconds`)
    if (issuer.actorIssuers !== 'own' && issuer.actorIssuers !== false) list.push(`${issuer.path}.actorIssuers`)
    if (issuer.ignoreCnf.size > 0) list.push(`${issuer.path}.ignoreCnf`)
    if (issuer.dpopSchemeForMtls) list.push(`${issuer.path}.dpopSchemeForMtls`)
  }
  if (policy.token.toleranceSeconds > 5) list.push('token.clockToleranceSeconds')
  if (policy.maxDepth > 5) list.push('delegation.maxDepth')
  return policy.dpop === false ? list : [...list, ...relaxationsOfDpop(policy.dpop)]
}

function relaxationsOfDpop({
  maxAgeSeconds,
  futureSeconds,
  algorithms,
  freshness,
  nonce,
}: DpopPolicy): readonly string[] {
  const list: string[] = []
  if (maxAgeSeconds > 60) list.push('dpop.maxAgeSeconds')
  if (futureSeconds > 10) list.push('dpop.futureSeconds')
  if (algorithms.includes('RS256')) list.push('dpop.algorithms')
  if (freshness !== (nonce === undefined ? 'iat' : 'both')) list.push('dpop.freshness')
  return list
}
