/** Which options of an issuer a token needs. */
import type { DialectName, IssuerOptions } from 'onbehalf'
import { dialects } from '../../src/token/dialects/index.ts'
import type { Members } from '../support/jws.ts'
import type { Issued } from './fixture.ts'

/** What may be left out, so that a token is refused for its own reason. */
export interface Strictness {
  readonly lifetime?: true
  readonly binding?: true
}

/** The audience is no relaxation. */
export function plainOptions({ claims, dialect, audience }: Issued): IssuerOptions {
  return { issuer: String(claims['iss']), dialect, ...(audience !== undefined && { audience }) }
}

/** Every option that the token needs, and none that it does not. */
export function relaxedOptions(issued: Issued, strict: Strictness = {}): IssuerOptions {
  const { claims, dialect } = issued
  const { iss, iat, exp } = claims
  const seconds = Number(exp) - Number(iat)
  const missing = missingClaims(claims, dialect)
  return {
    ...plainOptions(issued),
    ...(seconds > 300 && !strict.lifetime && { maxTokenSeconds: seconds }),
    ...(missing.length > 0 && { optionalClaims: missing }),
    ...(namespacesIn(claims['act']).some((name) => name !== iss) && { actorIssuers: 'any' as const }),
    ...(isUnbound(claims) && !strict.binding && { dangerously: { allowUnbound: true as const } }),
  }
}

/** With a waiver for the token's client, where the token has no audience. */
export function waivedOptions(issued: Issued, strict?: Strictness): IssuerOptions {
  const relaxed = relaxedOptions(issued, strict)
  const { aud, client_id: client } = issued.claims
  if (aud !== undefined || typeof client !== 'string') return relaxed
  return { ...relaxed, dangerously: { ...relaxed.dangerously, allowMissingAudience: { clients: [client] } } }
}

function missingClaims(claims: Members, dialect: DialectName): readonly ('client_id' | 'jti' | 'iat')[] {
  const { optionalClaims = [], clientId = ['client_id'], tokenId = ['jti'] } = dialects[dialect]
  const carriers = { client_id: clientId, jti: tokenId, iat: ['iat'] }
  const names = ['client_id', 'jti', 'iat'] as const
  return names.filter((name) => !optionalClaims.includes(name) && carriers[name].every((claim) => !(claim in claims)))
}

function namespacesIn(act: unknown): readonly unknown[] {
  if (typeof act !== 'object' || act === null) return []
  const { iss, act: inner } = act as Members
  return [...(iss === undefined ? [] : [iss]), ...namespacesIn(inner)]
}

export function isUnbound({ cnf }: Members): boolean {
  const { jkt, 'x5t#S256': x5t } = (cnf ?? {}) as Members
  return jkt === undefined && x5t === undefined
}
