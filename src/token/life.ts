import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { TokenClaims } from './claims.ts'

/** When and where a token counts: `exp`, `nbf`, `iat` and `aud`. Times of claims are seconds, `nowMs` is wall milliseconds. */

export function checkEnd(exp: number, nowMs: number, toleranceSeconds: number): Denial | undefined {
  if (nowMs / 1_000 < exp + toleranceSeconds) return undefined
  return new Denial('token_expired', { expiredBy: nowMs / 1_000 - exp })
}

export function checkTimes(claims: TokenClaims, nowMs: number, toleranceSeconds: number): Denial | undefined {
  return checkEnd(claims.exp, nowMs, toleranceSeconds) ?? checkBegin(claims, nowMs, toleranceSeconds)
}

/** `nbf` (RFC 7519 §4.1.5), and no token comes from the future. */
export function checkBegin(
  { nbf, iat }: Pick<TokenClaims, 'nbf' | 'iat'>,
  nowMs: number,
  toleranceSeconds: number,
): Denial | undefined {
  const now = nowMs / 1_000
  const latest = now + toleranceSeconds
  if (!(iat === undefined || iat <= latest))
    return new Denial('token_not_active', { claim: 'iat', iatOffset: iat - now, hint })
  if (!(nbf === undefined || nbf <= latest)) return new Denial('token_not_active', { claim: 'nbf', hint })
  return undefined
}

const hint = 'token.clockToleranceSeconds'

/** RFC 9068 §4: the token names this resource. */
export function checkAudience({ audience, clientId }: TokenClaims, issuer: IssuerPolicy): Denial | undefined {
  if (audience === undefined && clientId !== undefined && issuer.missingAudienceClients.has(clientId)) return undefined
  if (audience?.some((name) => issuer.audience.has(name))) return undefined
  return new Denial('token_audience', {
    expectedAudience: [...issuer.audience].join(' '),
    receivedAudience: (audience ?? []).join(' ').slice(0, 512),
    hint: audience === undefined ? `${issuer.path}.dangerously.allowMissingAudience` : issuer.audiencePath,
  })
}

/** Without `iat` what is left of the life has to keep to the ceiling. */
export function checkLifetime({ exp, iat }: TokenClaims, issuer: IssuerPolicy, nowMs: number): Denial | undefined {
  const lifetimeSeconds = exp - (iat ?? nowMs / 1_000)
  if (lifetimeSeconds <= issuer.maxTokenSeconds) return undefined
  return new Denial('token_lifetime', { lifetimeSeconds, hint: `${issuer.path}.maxTokenSeconds` })
}
