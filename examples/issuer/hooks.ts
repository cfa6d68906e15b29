import { createHash } from 'node:crypto'
import type { Context, Provider } from 'oidc-provider'
import type { Actor, ActorProfileClaims } from './actor-profile-claims.ts'
import type { Attestations, AttestedAgents } from './attestations.ts'
import type { Invitations } from './invitations.ts'
import type { Entry, Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { rightsOf } from './registration.ts'
import type { Revoker } from './revoker.ts'
import { tokenExchangeGrant } from './token-exchange.ts'

export interface HookSettings {
  readonly ledger: Ledger
  readonly journal: Journal
  readonly attestations: AttestedAgents & Attestations
  readonly invitations: Invitations
  readonly revoke: Revoker
  /** What the token that was just signed says, in the profile and as it was written. */
  readonly issuedOf: (
    context: Context,
  ) => { readonly claims: ActorProfileClaims; readonly written: Record<string, unknown> } | undefined
}

/** What has to happen once oidc-provider has answered: tokens are noted, and every step is written down. */
export function addHooks(provider: Provider, settings: HookSettings): void {
  const misused = new WeakMap<Context, string>()
  // RFC 6749 §4.1.2: a code that was used again may have been stolen before.
  provider.on('grant.revoked', (context: Context, grant: string) => void misused.set(context, grant))
  provider.use(async (context, next) => {
    await next()
    switch (context.oidc?.route) {
      case 'token':
        await afterToken(context, settings)
        return endMisused(context)
      case 'registration':
      case 'client_update':
        return afterRegistration(context, settings)
      case 'client_delete':
        // RFC 7592 §2.3: its tokens end with it.
        return context.status === 204 ? settings.revoke.client(context.oidc.client.clientId) : undefined
      case 'introspection':
        return afterIntrospection(context, settings)
      case 'revocation':
        return afterRevocation(context, settings)
    }
  })

  async function endMisused(context: Context): Promise<void> {
    const grant = misused.get(context)
    if (grant === undefined) return
    await settings.revoke.grant(grant)
    const told = { operation: 'grant_revocation', client: context.oidc.client.clientId } as const
    await settings.journal.write({ ...told, ...placeOf(context) })
  }
}

async function afterToken(context: Context, { ledger, journal, issuedOf }: HookSettings): Promise<void> {
  const { access_token: token, error, error_description: description } = bodyOf(context)
  const { params, client } = context.oidc
  const told = {
    operation: params?.['grant_type'] === tokenExchangeGrant ? 'token_exchange' : 'issuance',
    scopesAsked: params?.['scope'] ?? '',
    ...placeOf(context),
  } as const
  const issued = issuedOf(context)
  if (typeof token === 'string' && issued !== undefined) {
    const { claims, written } = issued
    // Noted before it is asked: a withdrawal at this moment either finds the token, or is found here.
    await ledger.record(token, { claims, tokenId: tokenIdOf(written, token) })
    if (await isStillGood(context, claims)) return journal.write({ ...told, claims })
    await ledger.revokeToken(token)
    // RFC 8693 §2.2.2 for an exchange, RFC 6749 §5.2 for a grant.
    const refusal = told.operation === 'token_exchange' ? 'invalid_request' : 'invalid_grant'
    context.status = 400
    context.body = { error: refusal, error_description: 'what the token goes back to was withdrawn' }
    return journal.write({ ...told, reason: `${refusal}: withdrawn meanwhile`, client: claims.client_id })
  }
  // A client that waits for its nonce, or for its person, has not been refused.
  if (error === undefined || error === 'use_dpop_nonce' || error === 'authorization_pending' || error === 'slow_down')
    return
  const refused = { reason: `${error}: ${description ?? ''}`, status: context.status, client: client?.clientId }
  await journal.write({ ...told, ...refused })
}

/** A withdrawal while the token was made has not seen it. */
async function isStillGood(
  { oidc: { provider } }: Context,
  { client_id, sub, sub_profile, act, mission }: ActorProfileClaims,
): Promise<boolean> {
  const clients = [client_id, ...(sub_profile === 'user' ? [] : [sub]), ...actorsIn(act)]
  for (const id of clients) if ((await provider.Client.find(id)) === undefined) return false
  return mission === undefined || (await provider.Grant.find(mission.id)) !== undefined
}

function actorsIn(act: Actor | undefined): readonly string[] {
  return act === undefined ? [] : [act.sub, ...actorsIn(act.act)]
}

async function afterRegistration(context: Context, settings: HookSettings): Promise<void> {
  const { journal, attestations, invitations } = settings
  const told = { operation: 'registration', ...placeOf(context) } as const
  if (context.status === 200) return journal.write({ ...told, client: context.oidc.client.clientId })
  if (context.status === 201) {
    const { clientId } = context.oidc.client
    attestations.add(clientId, rightsOf(context.oidc.client).owner)
    return journal.write({ ...told, client: clientId })
  }
  invitations.giveBack(context)
  const { error, error_description: description } = bodyOf(context)
  await journal.write({ ...told, reason: `${error}: ${description ?? ''}`, status: context.status })
}

/**
 * RFC 7662 §2.2, for tokens that oidc-provider refuses because they are JWTs; it has authenticated the client by then. It
 * answers resource servers alone, about their own tokens: a caller learns nothing by asking about those of others.
 */
async function afterIntrospection(context: Context, { ledger }: HookSettings): Promise<void> {
  if (bodyOf(context)['error'] !== 'unsupported_token_type') return
  const issued = await ledger.find(context.oidc.params['token'] ?? '')
  const { client } = context.oidc
  const isMeant = issued !== undefined && rightsOf(client).may_exchange?.includes(issued.claims.aud)
  context.status = 200
  context.body = isMeant
    ? { active: true, token_type: tokenTypeOf(issued.claims), ...issued.claims }
    : { active: false }
}

/** RFC 7009 §2: the client revokes its own token. One that is not known, or not its own, is not told apart. */
async function afterRevocation(context: Context, { ledger, journal }: HookSettings): Promise<void> {
  if (bodyOf(context)['error'] !== 'unsupported_token_type') return
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

/** As resource servers know the token: `jti`, Entra's `uti`, or a hash (see `tokenId` of onbehalf). */
function tokenIdOf({ jti, uti }: Record<string, unknown>, token: string): string {
  const id = jti ?? uti
  if (typeof id === 'string') return id
  return `h:${createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url')}`
}

function bodyOf({ body }: Context): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function placeOf({ method, path, req }: Context): Pick<Entry, 'method' | 'path' | 'address'> {
  return { method, path, address: req.socket.remoteAddress }
}
