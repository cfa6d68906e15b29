import { sealed } from '../internal/freeze.ts'
import { isBase64urlOf } from '../jose/base64url.ts'
import { fitsAlgorithm, thumbprint } from '../jose/jwk.ts'
import { algorithms } from '../jose/signature.ts'
import { isJsonObject, type JsonObject } from '../jose/strict-json.ts'
import { Denial, type Findings } from '../refusal/denial.ts'
import type { VerifiedToken } from '../token/verify.ts'
import type { AgentContext } from '../types/context.ts'

/** Which keys the sender must prove (RFC 7800 §3.1, RFC 9449 §6.1, RFC 8705 §3.1): every member that is set. */
export type Confirmation = AgentContext['sender']

const none: Confirmation = sealed<Confirmation>({ method: 'none' })

/** The confirmation of a token; the `token_type` that an introspection answer gives it must fit. */
export function readBinding(
  { claims, issuer, tokenType, found }: VerifiedToken,
  policy: { dpop: unknown; mtls: unknown },
): Confirmation | Denial {
  const confirmation = readConfirmation(claims.cnf, policy, issuer, found)
  if (tokenType === undefined || confirmation instanceof Denial) return confirmation
  return checkTokenType(confirmation, tokenType, issuer)
}

/** RFC 9449 §6.2, RFC 6749 §7.1: the `token_type` of an introspection answer fits the binding. */
function checkTokenType(
  confirmation: Confirmation,
  tokenType: unknown,
  { dpopSchemeForMtls }: { readonly dpopSchemeForMtls: boolean },
): Confirmation | Denial {
  const expectedScheme = confirmation.jkt === undefined ? 'Bearer' : 'DPoP'
  const type = typeof tokenType === 'string' ? tokenType.toLowerCase() : undefined
  if (type === expectedScheme.toLowerCase()) return confirmation
  if (type === 'dpop' && confirmation.method === 'mtls' && dpopSchemeForMtls) return confirmation
  return new Denial('binding_scheme', { claim: 'token_type', expectedScheme })
}

/**
 * A confirmation that cannot be checked must not degrade to a bearer token. RFC 7800 §3.1 lets a recipient ignore members
 * that it does not understand: done beside a member that is enforced, and never for a registered method.
 */
export function readConfirmation(
  cnf: unknown,
  policy: { dpop: unknown; mtls: unknown },
  issuer: { allowUnbound: boolean; path: string },
  found: Findings,
): Confirmation | Denial {
  if (cnf === undefined) return found.enforced(checkUnbound(issuer)) ?? none
  if (!isJsonObject(cnf)) return unsupported('cnf')
  const { jkt, 'x5t#S256': x5t } = cnf as { jkt?: unknown; 'x5t#S256'?: unknown }
  const hasJkt = Object.hasOwn(cnf, 'jkt')
  const hasX5t = Object.hasOwn(cnf, 'x5t#S256')
  const method = notEnforced.find((name) => Object.hasOwn(cnf, name) && !(name === 'jwk' && isKeyOf(cnf, jkt)))
  if (method !== undefined) return unsupported(`cnf.${method}`)
  if (hasJkt && !isBase64urlOf(jkt, 32)) return unsupported('cnf.jkt')
  if (hasX5t && !isBase64urlOf(x5t, 32)) return unsupported('cnf.x5t#S256')
  if (hasJkt && policy.dpop === false) return unsupported('cnf.jkt', 'dpop')
  if (hasX5t && policy.mtls === false) return unsupported('cnf.x5t#S256', 'mtls')
  if (!hasJkt && !hasX5t) return unsupported('cnf')
  return sealed<Confirmation>({
    method: hasJkt ? (hasX5t ? 'dpop+mtls' : 'dpop') : 'mtls',
    ...(hasJkt ? { jkt: jkt as string } : {}),
    ...(hasX5t ? { x5t: x5t as string } : {}),
  })
}

/** The registered methods (RFC 7800 §6.2 and its registry) other than `jkt`, `x5t#S256` and `kid`, which alone proves nothing. */
const notEnforced = ['jwk', 'jwe', 'jku', 'osc'] as const

/** The key of the thumbprint, written out beside it: the proof of the one is the proof of the other. */
function isKeyOf({ jwk }: JsonObject, jkt: unknown): boolean {
  return isJsonObject(jwk) && algorithms.some((name) => fitsAlgorithm(jwk, name)) && thumbprint(jwk) === jkt
}

function unsupported(claim: string, hint?: string): Denial {
  return new Denial('binding_unsupported', hint === undefined ? { claim } : { claim, hint })
}

function checkUnbound(issuer: { allowUnbound: boolean; path: string }): Denial | undefined {
  if (issuer.allowUnbound) return undefined
  return new Denial('binding_missing', { hint: `${issuer.path}.dangerously.allowUnbound` })
}
