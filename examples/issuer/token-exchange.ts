import type { Form } from './form.ts'
import { OAuthError } from './oauth-error.ts'
import type { RegisteredClient } from './registry.ts'
import type { AccessTokenClaims, Actor, TokenSigner } from './tokens.ts'

export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

export interface ExchangeRules {
  readonly issuer: string
  readonly signer: TokenSigner
  /** Longest chain of actors this issuer writes. */
  readonly maxDepth: number
}

export interface Exchange {
  readonly subject: AccessTokenClaims
  readonly act: Actor
}

/**
 * RFC 8693 §2.1: the authenticated client asks to act on the authority of the subject token.
 * The subject token's own key need not be shown, as handing the token on is the purpose of this grant:
 * what keeps a stolen one from being exchanged is that the client is registered to act for this subject.
 */
export async function exchangeToken(form: Form, client: RegisteredClient, rules: ExchangeRules): Promise<Exchange> {
  if (form.required('subject_token_type') !== accessTokenType)
    throw refused('The type of the subject token is not supported')
  if ((form.optional('requested_token_type') ?? accessTokenType) !== accessTokenType) {
    throw refused('The requested token type is not supported')
  }
  // The actor is the authenticated client, and nobody else: it has proved its key with this very request.
  if (form.optional('actor_token') !== undefined) throw refused('An actor token is not supported')

  const subject = await rules.signer.read(form.required('subject_token'))
  checkMayAct(subject, client, rules.issuer)
  // RFC 8693 §4.1: whoever acted so far nests inside.
  const act: Actor = {
    iss: rules.issuer,
    sub: client.id,
    sub_profile: client.profile,
    ...(subject.act && { act: subject.act }),
  }
  if (depthOf(act) > rules.maxDepth) throw refused('The delegation chain is too long')
  return { subject, act }
}

function checkMayAct(subject: AccessTokenClaims, client: RegisteredClient, issuer: string): void {
  if (subject.sub === client.id) throw refused('A client does not act on behalf of itself')
  // Work that was delegated before: the registry says from whom this client may take it over.
  if (subject.act !== undefined && !client.mayFollow?.includes(subject.act.sub)) throw notAllowed()
  // RFC 8693 §4.4: where the token itself says who may act, only that party may.
  if (subject.may_act !== undefined) {
    if (subject.may_act.iss !== issuer || subject.may_act.sub !== client.id) throw notAllowed()
    return
  }
  if (!client.mayActFor?.includes(subject.sub)) throw notAllowed()
}

function depthOf(act: Actor): number {
  let depth = 0
  for (let actor: Actor | undefined = act; actor !== undefined; actor = actor.act) depth += 1
  return depth
}

function notAllowed(): OAuthError {
  return refused('The client may not act for this subject')
}

/** RFC 8693 §2.2.2: also the code for a subject token that policy does not accept. */
function refused(description: string): OAuthError {
  return new OAuthError('invalid_request', description)
}
