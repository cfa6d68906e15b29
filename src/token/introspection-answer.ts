import { sealed } from '../internal/freeze.ts'
import { isPartyName } from '../internal/party-name.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import type { Dialect } from '../types/dialect.ts'
import type { OptionalClaim } from './claim-names.ts'
import type { TokenClaims } from './claims.ts'

/** What an introspection answer (RFC 7662 §2.2) means. Everything here is a function of the answer alone. */

/** An opaque token was not judged before it was asked about; a JWT was, in full. */
export type AskedToken = 'opaque' | 'jwt'

type AnswerRules = Pick<IssuerPolicy, 'issuer' | 'path' | 'missingAudienceClients'>

/** Why an answer cannot be used; undefined for a good one. Only `active: false` says something about the token. */
export function checkAnswer(members: JsonObject, issuer: AnswerRules, asked: AskedToken): Denial | undefined {
  const { active, iss, sub, exp } = members
  const unusable = (claim: string) => new Denial('introspection_unavailable', { claim, issuer: issuer.issuer })
  if (active === false) return new Denial('token_revoked')
  if (active !== true) return unusable('active')
  if (iss !== undefined && iss !== issuer.issuer) return unusable('iss')
  if (asked === 'jwt') return exp === undefined || isExactNumber(exp) ? undefined : unusable('exp')
  if (!isPartyName(sub)) return unusable('sub')
  if (!isExactNumber(exp)) return unusable('exp')
  if (!isAudience(members['aud']) && !mayLackAudience(members, issuer)) return unusable('aud')
  return undefined
}

/** RFC 7662 §2.2: a string or a list of strings. */
function isAudience(aud: unknown): boolean {
  const list: unknown = typeof aud === 'string' ? [aud] : aud
  return Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string' && name !== '')
}

function mayLackAudience(members: JsonObject, { missingAudienceClients }: AnswerRules): boolean {
  const client = members['client_id'] ?? members['azp']
  return !Object.hasOwn(members, 'aud') && missingAudienceClients.has(client as string)
}

/** The claims of an opaque token: the members about the token, not those about the answer, under the issuer that gave them. */
export function claimsOfAnswer(members: JsonObject, { issuer }: AnswerRules): JsonObject {
  const { active: _, token_type: __, ...claims } = members
  return sealed({ ...claims, iss: issuer })
}

/** RFC 7662 §2.2 makes these optional, so they may be absent from any answer. */
const absentFromAnswers: ReadonlySet<OptionalClaim> = new Set(['client_id', 'jti', 'iat'])

/** How the claims of an opaque token are read: under the names of RFC 7662, then under those of the dialect. */
export function rulesForAnswers(issuer: IssuerPolicy): IssuerPolicy {
  const { clientId = [], tokenId = [], scopes = [] } = issuer.dialect
  const dialect: Dialect = {
    ...issuer.dialect,
    clientId: ['client_id', ...clientId],
    tokenId: ['jti', ...tokenId],
    scopes: ['scope', ...scopes],
  }
  return { ...issuer, dialect, optionalClaims: absentFromAnswers }
}

/** The claims of a JWT that its issuer was asked about: the answer can end its life sooner and bind it to more. */
export function tightenClaims(claims: TokenClaims, members: JsonObject, issuer: AnswerRules): TokenClaims | Denial {
  const { sub, exp, cnf } = members
  const contradicts = (claim: string) => new Denial('token_claim', { claim, issuer: issuer.issuer })
  if (sub !== undefined && sub !== claims.all['sub']) return contradicts('sub')
  const joined = joinConfirmations(claims.cnf, cnf)
  if (joined === undefined) return contradicts('cnf')
  return { ...claims, exp: isExactNumber(exp) ? Math.min(exp, claims.exp) : claims.exp, cnf: joined.cnf }
}

/** What either names must be proven; undefined where they name different keys, which no sender can prove both. */
function joinConfirmations(own: unknown, told: unknown): { readonly cnf: unknown } | undefined {
  if (told === undefined) return { cnf: own }
  if (own === undefined || !isJsonObject(told)) return { cnf: told }
  if (!isJsonObject(own)) return { cnf: own }
  const conflicts = Object.keys(told).some(
    (name) => Object.hasOwn(own, name) && JSON.stringify(own[name]) !== JSON.stringify(told[name]),
  )
  return conflicts ? undefined : { cnf: sealed({ ...told, ...own }) }
}
