import type { Context } from 'oidc-provider'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { bodyOf, placeOf, refusalOf } from './answered.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { rightsOf } from './registration.ts'

interface Answering {
  readonly ledger: Ledger
  readonly journal: Journal
}

/**
 * RFC 7662 §2.2, for tokens that oidc-provider refuses because they are JWTs; it has authenticated the client by then. It
 * answers about tokens for the APIs of the client alone: a caller learns nothing by asking about those of others.
 */
export async function afterIntrospection(context: Context, { ledger, journal }: Answering): Promise<void> {
  if (bodyOf(context)['error'] !== 'unsupported_token_type') return tellRefusal(context, 'introspection', journal)
  const issued = await ledger.find(context.oidc.params['token'] ?? '')
  const { client } = context.oidc
  const isMeant = issued !== undefined && rightsOf(client).may_introspect?.includes(issued.claims.aud)
  context.status = 200
  context.body = isMeant
    ? { active: true, token_type: tokenTypeOf(issued.claims), ...issued.claims }
    : { active: false }
}

/** RFC 7009 §2: the client revokes its own token. One that is not its own is answered as one that is not known, so that a stranger learns nothing. */
export async function afterRevocation(context: Context, { ledger, journal }: Answering): Promise<void> {
  if (bodyOf(context)['error'] !== 'unsupported_token_type') return tellRefusal(context, 'revocation', journal)
  const token = context.oidc.params['token'] ?? ''
  const issued = await ledger.find(token)
  const { clientId: client } = context.oidc.client
  context.status = 200
  context.body = ''
  if (issued?.claims.client_id !== client) return
  await ledger.revokeToken(token)
  await journal.write({ operation: 'revocation', client, ...placeOf(context) })
}

function tokenTypeOf({ cnf }: ActorProfileClaims): 'DPoP' | 'Bearer' {
  return 'jkt' in cnf ? 'DPoP' : 'Bearer'
}

async function tellRefusal(
  context: Context,
  operation: 'introspection' | 'revocation',
  journal: Journal,
): Promise<void> {
  const { error } = bodyOf(context)
  if (error === undefined || error === 'use_dpop_nonce') return
  await journal.write({ operation, client: context.oidc.client?.clientId, ...refusalOf(context), ...placeOf(context) })
}
