import { isExactNumber } from '../jose/exact-number.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { AuthorizationDetail } from '../types/context.ts'

/** The claims of an RFC 9068 access token, typed. Only token.ts makes one, after the signature held. */
export interface TokenClaims {
  readonly sub: string
  readonly clientId: string
  readonly azp: string | undefined
  readonly jti: string
  readonly iat: number
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
  readonly client_id: string
  readonly azp: string | undefined
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly nbf: number | undefined
  readonly acr: string | undefined
  readonly auth_time: number | undefined
}

/** RFC 9068 §2.2, or the name of the claim that is missing, empty or of the wrong type. `null` is malformed, not absent. */
export function readClaims(payload: JsonObject): TokenClaims | string {
  const text = (name: string) => typeof payload[name] === 'string' && payload[name] !== ''
  const number = (name: string) => isExactNumber(payload[name])
  for (const name of ['iss', 'sub', 'client_id', 'jti']) if (!text(name)) return name
  for (const name of ['iat', 'exp']) if (!number(name)) return name
  for (const name of ['azp', 'acr']) if (Object.hasOwn(payload, name) && !text(name)) return name
  for (const name of ['nbf', 'auth_time']) if (Object.hasOwn(payload, name) && !number(name)) return name
  const claims = payload as unknown as RegisteredClaims
  if (!(claims.exp > claims.iat)) return 'exp'

  const audience = Object.hasOwn(payload, 'aud') ? readAudience(payload['aud']) : []
  if (audience === undefined) return 'aud'
  const scopes = readScopes(payload['scope'])
  if (scopes === undefined) return 'scope'
  const details = readDetails(payload['authorization_details'])
  if (details === undefined) return 'authorization_details'
  const amr = payload['amr'] === undefined ? [] : readStrings(payload['amr'])
  if (amr === undefined) return 'amr'
  return {
    sub: claims.sub,
    clientId: claims.client_id,
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
