import { sealed } from '../internal/freeze.ts'
import { isBase64urlOf } from '../jose/base64url.ts'
import { isJsonObject } from '../jose/strict-json.ts'
import { Denial } from '../refusal/denial.ts'
import type { AgentContext } from '../types/context.ts'

/** Which keys the sender must prove (RFC 7800 §3.1, RFC 9449 §6.1, RFC 8705 §3.1): every member that is set. */
export type Confirmation = AgentContext['sender']

const none: Confirmation = sealed<Confirmation>({ method: 'none' })

/** A confirmation that cannot be checked must not degrade to a bearer token: anything unknown or malformed refuses. */
export function readConfirmation(
  cnf: unknown,
  policy: { dpop: unknown; mtls: unknown },
  issuer: { ignoreCnf: ReadonlySet<string>; allowUnbound: boolean; path: string },
): Confirmation | Denial {
  if (cnf === undefined) return unbound(issuer)
  if (!isJsonObject(cnf)) return new Denial('binding_unsupported')
  const names = Object.keys(cnf)
  if (names.length === 0) return new Denial('binding_unsupported')
  const { jkt, 'x5t#S256': x5t } = cnf as { jkt?: unknown; 'x5t#S256'?: unknown }
  for (const name of names) {
    if (name === 'jkt' || name === 'x5t#S256' || issuer.ignoreCnf.has(name)) continue
    return new Denial('binding_unsupported', { claim: 'cnf', hint: `${issuer.path}.ignoreCnf` })
  }
  const hasJkt = Object.hasOwn(cnf, 'jkt')
  const hasX5t = Object.hasOwn(cnf, 'x5t#S256')
  if ((hasJkt && !isBase64urlOf(jkt, 32)) || (hasX5t && !isBase64urlOf(x5t, 32))) {
    return new Denial('binding_unsupported', { claim: 'cnf' })
  }
  if (hasJkt && policy.dpop === false) return new Denial('binding_unsupported', { hint: 'dpop' })
  if (hasX5t && policy.mtls === false) return new Denial('binding_unsupported', { hint: 'mtls' })
  if (!hasJkt && !hasX5t) return unbound(issuer)
  return sealed<Confirmation>({
    method: hasJkt ? (hasX5t ? 'dpop+mtls' : 'dpop') : 'mtls',
    ...(hasJkt ? { jkt: jkt as string } : {}),
    ...(hasX5t ? { x5t: x5t as string } : {}),
  })
}

function unbound(issuer: { allowUnbound: boolean; path: string }): Confirmation | Denial {
  if (issuer.allowUnbound) return none
  return new Denial('binding_missing', { hint: `${issuer.path}.dangerously.allowUnbound` })
}
