import { isPartyName } from '../internal/party-name.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { AuthorizationDetail } from '../types/context.ts'

/** The claims of an RFC 9068 access token, typed. Only token.ts makes one, after the signature held. */
export interface TokenClaims {
  readonly sub: string
  /** `client_id`, else `azp`; undefined only where `optionalClaims` admits a token without `client_id`. */
  readonly clientId: string | undefined
  readonly azp: string | undefined
  readonly jti: string | undefined
  readonly iat: number | undefined
  readonly exp: number
  readonly nbf: number | undefined
  /** Undefined: the claim is missing, which is the audience check's to judge. */
  readonly audience: readonly string[] | undefined
  readonly scopes: readonly string[]
  readonly details: readonly AuthorizationDetail[]
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly acr: string | undefined
  readonly amr: readonly string[]
  readonly authTime: number | undefined
  /** As they stand: kinds are read by delegation.ts. */
  readonly subProfile: unknown
  readonly clientProfile: unknown
  readonly act: unknown
  readonly cnf: unknown
  /** Sealed: frozen, and nothing inherited. */
  readonly all: JsonObject
}

/** The wire names whose types readClaims establishes first. */
interface RegisteredClaims {
  readonly sub: string
  readonly client_id: string | undefined
  readonly azp: string | undefined
  readonly jti: string | undefined
  readonly iat: number | undefined
  readonly exp: number
  readonly nbf: number | undefined
  readonly acr: string | undefined
  readonly auth_time: number | undefined
}

/** The members of RFC 9068 §2.2 that an issuer may leave out where its options say so. */
export type OptionalClaim = 'client_id' | 'jti' | 'iat'

type ClaimRules = Pick<IssuerPolicy, 'issuer' | 'path' | 'optionalClaims'>

/** RFC 9068 §2.2. `null` is malformed, not absent. */
export function readClaims(payload: JsonObject, issuer: ClaimRules): TokenClaims | Denial {
  const has = (name: string) => Object.hasOwn(payload, name)
  const text = (name: string) => typeof payload[name] === 'string' && payload[name] !== ''
  const party = (name: string) => isPartyName(payload[name])
  const number = (name: string) => isExactNumber(payload[name])
  const mayLack = (name: OptionalClaim) => !has(name) && issuer.optionalClaims.has(name)
  const malformed = (claim: string) => new Denial('token_claim', { claim, issuer: issuer.issuer })
  const missing = (claim: OptionalClaim) =>
    new Denial('token_claim', { claim, issuer: issuer.issuer, hint: `${issuer.path}.optionalClaims` })

  if (!text('iss')) return malformed('iss')
  if (!party('sub')) return malformed('sub')
  for (const name of ['client_id', 'jti', 'iat'] as const) if (!has(name) && !mayLack(name)) return missing(name)
  for (const name of ['client_id', 'azp']) if (has(name) && !party(name)) return malformed(name)
  for (const name of ['jti', 'acr']) if (has(name) && !text(name)) return malformed(name)
  for (const name of ['iat', 'nbf', 'auth_time']) if (has(name) && !number(name)) return malformed(name)
  if (!number('exp')) return malformed('exp')
  const claims = payload as unknown as RegisteredClaims
  if (claims.iat !== undefined && !(claims.exp > claims.iat)) return malformed('exp')

  const audience = has('aud') ? readAudience(payload['aud']) : []
  if (audience === undefined) return malformed('aud')
  const scopes = readScopes(payload['scope'])
  if (scopes === undefined) return malformed('scope')
  const details = readDetails(payload['authorization_details'])
  if (details === undefined) return malformed('authorization_details')
  const amr = payload['amr'] === undefined ? [] : readStrings(payload['amr'])
  if (amr === undefined) return malformed('amr')
  return {
    sub: claims.sub,
    clientId: claims.client_id ?? claims.azp,
    azp: claims.azp,
    jti: claims.jti,
    iat: claims.iat,
    exp: claims.exp,
    nbf: claims.nbf,
    audience: audience.length === 0 ? undefined : audience,
    scopes,
    details,
    roles: readStrings(payload['roles']) ?? [],
    permissions: readStrings(payload['permissions']) ?? [],
    acr: claims.acr,
    amr,
    authTime: claims.auth_time,
    subProfile: payload['sub_profile'],
    clientProfile: payload['client_profile'],
    act: payload['act'],
    cnf: payload['cnf'],
    all: payload,
  }
}

/** RFC 7519 §4.1.3: one string or a list of them. */
function readAudience(aud: unknown): readonly string[] | undefined {
  const list = typeof aud === 'string' ? [aud] : readStrings(aud)
  return list === undefined || list.length === 0 || list.includes('') ? undefined : list
}

function readStrings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
}

const scopeList = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** RFC 8693 §4.2: one string, its tokens separated by single spaces. */
function readScopes(scope: unknown): readonly string[] | undefined {
  if (scope === undefined || scope === '') return []
  return typeof scope === 'string' && scopeList.test(scope) ? scope.split(' ') : undefined
}

/** RFC 9396 §2. */
function readDetails(value: unknown): readonly AuthorizationDetail[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value)) return undefined
  return value.every((item) => isJsonObject(item) && typeof item['type'] === 'string') ? value : undefined
}
