import type { JsonObject } from '../jose/strict-json.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import { Denial } from '../refusal/denial.ts'
import { claimDenial } from './faults.ts'

/** Which class of token this is: only access tokens are taken (RFC 8725 §3.12). */

/**
 * Types that name another class, which no dialect may accept: grants, proofs, attestations, logout and security event
 * tokens, transaction tokens, answers of introspection and status lists.
 */
const foreignTypes: ReadonlySet<string> = new Set([
  'oauth-id-jag+jwt',
  'oauth-wag+jwt',
  'agent+jwt',
  'host+jwt',
  'dpop+jwt',
  'wit+jwt',
  'wpt+jwt',
  'logout+jwt',
  'secevent+jwt',
  'token-introspection+jwt',
  'act-commitment+jwt',
  'txntoken+jwt',
  'statuslist+jwt',
])
const foreignFamilies = /^(?:aa-|oauth-client-attestation)[^;]*\+jwt$/

export function isForeignType(typ: string | null): boolean {
  return typ !== null && (foreignTypes.has(typ) || foreignFamilies.test(typ))
}

/** Media-type compare (RFC 7515 §4.1.9): case does not count, `application/` may be left out. Null: there is no `typ`. */
export function normalizeType(typ: string | null): string | null {
  if (typ === null) return null
  const lower = typ.toLowerCase()
  return lower.startsWith(prefix) ? lower.slice(prefix.length) : lower
}

const prefix = 'application/'

/** The header's `typ`; undefined for one that is no text. */
export function readType(typ: unknown): string | null | undefined {
  if (typ === undefined) return null
  return typeof typ === 'string' ? normalizeType(typ) : undefined
}

/** Once the signature holds: whatever the header calls it, do the claims show another class? `header` is read for a dialect that asks. */
export function checkClass(claims: JsonObject, issuer: IssuerPolicy, header: () => JsonObject): Denial | undefined {
  const { refuse } = issuer.dialect
  try {
    const claim = markOfAnotherClass(claims) ?? refuse?.(header(), claims)
    if (claim === undefined) return undefined
    if (typeof claim === 'string') return new Denial('token_type', { claim: claim.slice(0, 64) })
    throw new TypeError('answered another shape')
  } catch (error) {
    return claimDenial(error, issuer)
  }
}

/** The claim that betrays what is no access token. */
export function markOfAnotherClass(claims: JsonObject): string | undefined {
  const { typ, token_use: use } = claims
  // Keycloak writes the class of the token into its claims, Amazon Cognito and QAuth into `token_use`.
  if (typ !== undefined && typ !== 'Bearer' && typ !== 'DPoP') return 'typ'
  if (use !== undefined && use !== 'access') return 'token_use'
  // OpenID Connect Core §2 and §3.1.3.6: ID tokens; RFC 8417 §2.2 and Back-Channel Logout §2.4: events.
  return ['nonce', 'at_hash', 'c_hash', 'events'].find((name) => Object.hasOwn(claims, name))
}
