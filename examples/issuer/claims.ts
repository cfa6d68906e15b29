import { type Client, type Context, errors, type Token } from 'oidc-provider'
import type { Actor, ActorProfileClaims, AuthorizationDetail, Confirmation } from './actor-profile-claims.ts'
import { rightsOf } from './registration.ts'

/** Seconds. What an API that follows the default of `onbehalf` accepts. */
export const maxTokenSeconds = 300

/** What a token exchange has decided; every other token gets its content from its grant. */
export interface Exchanged {
  readonly subject: ActorProfileClaims
  readonly act: Actor
}

/** RFC 9068 §2.2, RFC 8693 §4.1 and the actor profile, from what oidc-provider is about to sign. */
export function claimsOf(
  context: Context,
  token: Token,
  signed: SignedClaims,
  exchanged?: Exchanged,
): ActorProfileClaims {
  const { iss, sub, aud, client_id, cnf, scope = '', iat, exp, jti, authorization_details } = signed
  // The metadata of each client demands a binding; this is the second lock.
  if (cnf === undefined) throw new errors.InvalidRequest('a token is bound to the key that asks for it')
  const profile = profileOf(context.oidc.client)
  const common = {
    ...{ iss, sub, aud, client_id, client_profile: profile, scope, cnf, iat, exp, jti },
    ...present({ authorization_details }),
  }
  if (exchanged !== undefined) {
    const { subject, act } = exchanged
    const claims = { ...common, ...inheritedClaims(subject), act }
    // A second may have passed since the decision.
    return { ...claims, exp: Math.min(exp, subject.exp, subject.mission?.expires_at ?? exp) }
  }
  // The client is the subject (RFC 9068 §2.2).
  if (token.kind === 'ClientCredentials') return { ...common, sub_profile: profile }
  // RFC 6749 §3.3: the operator may have taken all of it from the client since the person consented.
  if (scope === '' && authorization_details === undefined) throw new errors.InvalidScope('nothing of the scope is left')
  return {
    ...common,
    sub_profile: 'user',
    ...consentedClaims(context, iss),
    exp: Math.min(exp, context.oidc.entities.Grant?.exp ?? exp),
  }
}

function profileOf(client: Client): 'ai_agent' | 'service' {
  return rightsOf(client).client_profile === 'ai_agent' ? 'ai_agent' : 'service'
}

/** `may_act` has had its effect: who may take over from here is a matter of registration. */
function inheritedClaims(subject: ActorProfileClaims) {
  const { sub, sub_profile, mission, auth_time, acr, amr } = subject
  return { sub, sub_profile, ...present({ mission, auth_time, acr, amr }) }
}

/** Of a token that a person has consented to, in a browser or with a device code. */
function consentedClaims({ oidc: { client, entities } }: Context, iss: string) {
  const { client_profile: profile, names_actor: named } = rightsOf(client)
  const { authTime: auth_time, acr, amr } = entities.AuthorizationCode ?? entities.DeviceCode ?? {}
  const { jti: id, exp } = entities.Grant ?? {}
  const isAgent = profile !== 'web_app'
  return present({
    act: isAgent ? { iss, sub: client.clientId, sub_profile: profile } : undefined,
    may_act: !isAgent && named !== undefined ? { iss, sub: named } : undefined,
    mission: id !== undefined && exp !== undefined ? { id, expires_at: exp } : undefined,
    ...{ auth_time, acr, amr },
  })
}

/** Claims that have a value. */
function present<T extends object>(claims: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(claims).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> }
}

/** The payload that oidc-provider makes. */
export interface SignedClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly client_id: string
  readonly scope?: string
  readonly authorization_details?: readonly AuthorizationDetail[]
  readonly cnf?: Confirmation
  readonly iat: number
  readonly exp: number
  readonly jti: string
}
