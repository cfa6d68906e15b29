import { isPartyName } from '../internal/party-name.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial, type Findings } from '../refusal/denial.ts'
import type { AuthorizationDetail } from '../types/context.ts'
import { claimNamesOf } from './claim-names.ts'
import { claimDenial } from './faults.ts'
import { readProfiles } from './profiles.ts'
import { readSaidParties, type SaidParties, type SaidParty } from './said-parties.ts'
import { readScopes } from './scopes.ts'

/** The claims of an access token, typed and read by its dialect. Only verify.ts makes one, after the signature held. */
export interface TokenClaims {
  readonly sub: string
  /** By the dialect, else `azp`; undefined only where a token without a client id is admitted. */
  readonly clientId: string | undefined
  readonly azp: string | undefined
  /** Who is in the token. A fault of the chain is kept until its step comes. */
  readonly parties: SaidParties | Denial
  /** Known even where the chain is refused. */
  readonly principal: SaidParty
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
  readonly cnf: unknown
  /** Sealed: frozen, and nothing inherited. */
  readonly all: JsonObject
}

/** The wire names whose types readClaims establishes first. */
interface RegisteredClaims {
  readonly sub: string
  readonly azp: string | undefined
  readonly iat: number | undefined
  readonly exp: number
  readonly nbf: number | undefined
  readonly acr: string | undefined
  readonly auth_time: number | undefined
}

/** RFC 9068 §2.2, each member where the dialect has it. `null` is malformed, not absent. */
export function readClaims(payload: JsonObject, issuer: IssuerPolicy, found: Findings): TokenClaims | Denial {
  try {
    return checkedClaims(payload, issuer, found)
  } catch (error) {
    return claimDenial(error, issuer)
  }
}

function checkedClaims(payload: JsonObject, issuer: IssuerPolicy, found: Findings): TokenClaims | Denial {
  const { dialect } = issuer
  const names = claimNamesOf(dialect)
  const { client_id: clientNames, jti: idNames } = names
  const has = (name: string) => Object.hasOwn(payload, name)
  const text = (name: string) => typeof payload[name] === 'string' && payload[name] !== ''
  const party = (name: string) => isPartyName(payload[name])
  const number = (name: string) => isExactNumber(payload[name])
  const malformed = (claim: string) => new Denial('token_claim', { claim, issuer: issuer.issuer })
  const missing = (claim: string) => {
    const option = otherNames.some(([name, other]) => name === claim && has(other)) ? 'dialect' : 'optionalClaims'
    return new Denial('token_claim', { claim, issuer: issuer.issuer, hint: `${issuer.path}.${option}` })
  }

  if (!text('iss')) return malformed('iss')
  if (!party('sub')) return malformed('sub')
  for (const claim of ['client_id', 'jti', 'iat'] as const) {
    if (names[claim].some(has) || issuer.optionalClaims.has(claim)) continue
    const denial = found.enforced(missing(names[claim][0] ?? claim))
    if (denial !== undefined) return denial
  }
  for (const name of ['client_id', 'azp', ...clientNames]) if (has(name) && !party(name)) return malformed(name)
  for (const name of ['jti', 'acr', ...idNames]) if (has(name) && !text(name)) return malformed(name)
  for (const name of ['iat', 'nbf', 'auth_time']) if (has(name) && !number(name)) return malformed(name)
  if (!number('exp')) return malformed('exp')
  const claims = payload as unknown as RegisteredClaims
  if (claims.iat !== undefined && !(claims.exp > claims.iat)) return malformed('exp')

  const audience = has('aud') ? readAudience(payload['aud']) : []
  if (audience === undefined) return malformed('aud')
  const scopes = readScopes(payload, dialect.scopes ?? ['scope'])
  const details = readDetails(payload['authorization_details'])
  if (details === undefined) return malformed('authorization_details')
  const amr = payload['amr'] === undefined ? [] : readStrings(payload['amr'])
  if (amr === undefined) return malformed('amr')
  const clientId = payload[clientNames.find(has) ?? 'azp'] as string | undefined
  const parties = readSaidParties(payload, clientId, issuer)
  return {
    sub: claims.sub,
    clientId,
    azp: claims.azp,
    parties,
    principal: parties instanceof Denial ? readSubject(payload) : parties.principal,
    jti: payload[idNames.find(has) ?? 'jti'] as string | undefined,
    iat: claims.iat,
    exp: claims.exp,
    nbf: claims.nbf,
    audience: audience.length === 0 ? undefined : audience,
    scopes,
    details,
    roles: dialect.roles ? demandTexts(dialect.roles(payload, [...issuer.audience])) : textsIn(payload['roles']),
    permissions: dialect.permissions ? demandTexts(dialect.permissions(payload)) : textsIn(payload['permissions']),
    acr: claims.acr,
    amr,
    authTime: claims.auth_time,
    cnf: payload['cnf'],
    all: payload,
  }
}

/** What products call a member that RFC 9068 §2.2 names: a dialect reads it there. */
const otherNames = [
  ['client_id', 'azp'],
  ['client_id', 'cid'],
  ['client_id', 'appid'],
  ['client_id', 'applicationId'],
  ['jti', 'uti'],
] as const

function readSubject({ sub, sub_profile: profile }: JsonObject): SaidParty {
  return { subject: sub as string, ...readProfiles(profile, new Set()) }
}

/** What a dialect answers. Where it answers nothing, the claim of the same name does not count instead. */
function demandTexts(answer: unknown): readonly string[] {
  const list = readStrings(answer)
  if (list === undefined) throw new TypeError('answered another shape')
  return list
}

/** A claim that is overlooked where it is no list of texts. */
function textsIn(claim: unknown): readonly string[] {
  return readStrings(claim) ?? []
}

/** RFC 7519 §4.1.3: one string or a list of them. */
function readAudience(aud: unknown): readonly string[] | undefined {
  const list = typeof aud === 'string' ? [aud] : readStrings(aud)
  return list === undefined || list.length === 0 || list.includes('') ? undefined : list
}

function readStrings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
}

/** RFC 9396 §2. */
function readDetails(value: unknown): readonly AuthorizationDetail[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value)) return undefined
  return value.every((item) => isJsonObject(item) && typeof item['type'] === 'string') ? value : undefined
}
