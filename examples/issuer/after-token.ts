import { createHash } from 'node:crypto'
import type { Context, Provider } from 'oidc-provider'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { bodyOf, placeOf, refusalOf } from './answered.ts'
import { actorsOf } from './dialects/written-token.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { tokenExchangeGrant } from './token-exchange.ts'

export interface TokenSettings {
  readonly ledger: Ledger
  readonly journal: Journal
  /** What the token that was just signed says, in the profile and as it was written. */
  readonly issuedOf: (
    context: Context,
  ) => { readonly claims: ActorProfileClaims; readonly written: Record<string, unknown> } | undefined
}

/** A token that was issued is noted in the ledger, before the client has it. */
export async function afterToken(context: Context, { ledger, journal, issuedOf }: TokenSettings): Promise<void> {
  const { access_token: token, error } = bodyOf(context)
  const { params, client } = context.oidc
  const told = {
    operation: params?.['grant_type'] === tokenExchangeGrant ? 'token_exchange' : 'issuance',
    scopesAsked: params?.['scope'] ?? '',
    ...placeOf(context),
  } as const
  const issued = issuedOf(context)
  const madeFrom = told.operation === 'token_exchange' ? params?.['subject_token'] : undefined
  if (typeof token === 'string' && issued !== undefined) {
    const { claims, written } = issued
    // Noted before it is judged: a withdrawal either finds it in the ledger, or is seen here.
    await ledger.record(token, { claims, tokenId: tokenIdOf(written, token) }, madeFrom)
    const isOrphan = madeFrom !== undefined && (await ledger.find(madeFrom)) === undefined
    if (isOrphan || !(await isStillGood(claims, context.oidc.provider))) {
      await ledger.revokeToken(token)
      // RFC 8693 §2.2.2 for an exchange, RFC 6749 §5.2 for a grant.
      const refusal = told.operation === 'token_exchange' ? 'invalid_request' : 'invalid_grant'
      context.status = 400
      context.body = { error: refusal, error_description: 'what the token goes back to was withdrawn' }
      return journal.write({ ...told, ...refusalOf(context), client: claims.client_id })
    }
    return journal.write({ ...told, claims })
  }
  // A client that waits for its nonce, or for its person, has not been refused.
  if (error === undefined || error === 'use_dpop_nonce' || error === 'authorization_pending' || error === 'slow_down')
    return
  await journal.write({ ...told, ...refusalOf(context), client: client?.clientId })
}

/** The grant, and every agent in the token, may have been ended while it was made. */
async function isStillGood(claims: ActorProfileClaims, provider: Provider): Promise<boolean> {
  const { client_id: client, sub, sub_profile: profile, mission } = claims
  const agents = new Set([client, ...(profile === 'user' ? [] : [sub]), ...actorsOf(claims).map((actor) => actor.sub)])
  for (const agent of agents) if ((await provider.Client.find(agent)) === undefined) return false
  return mission === undefined || (await provider.Grant.find(mission.id)) !== undefined
}

/** As resource servers know the token: `jti`, Entra's `uti`, or a hash (see `tokenId` of onbehalf). */
function tokenIdOf({ jti, uti }: Record<string, unknown>, token: string): string {
  const id = jti ?? uti
  if (typeof id === 'string') return id
  return `h:${createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url')}`
}
