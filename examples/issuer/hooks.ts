import { createHash } from 'node:crypto'
import type { Context, Provider } from 'oidc-provider'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import type { Attestations, AttestedAgents } from './attestations.ts'
import { actorsOf } from './dialects/written-token.ts'
import type { Invitations } from './invitations.ts'
import type { Entry, Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { rightsOf } from './registration.ts'
import { tokenExchangeGrant } from './token-exchange.ts'

export interface HookSettings {
  readonly ledger: Ledger
  readonly journal: Journal
  readonly attestations: AttestedAgents & Attestations
  readonly invitations: Invitations
  /** What the token that was just signed says, in the profile and as it was written. */
  readonly issuedOf: (
    context: Context,
  ) => { readonly claims: ActorProfileClaims; readonly written: Record<string, unknown> } | undefined
}

/** What has to happen once oidc-provider has answered: tokens are noted, and every step is written down. */
export function addHooks(provider: Provider, settings: HookSettings): void {
  provider.use(async (context, next) => {
    await next()
    switch (context.oidc?.route) {
      case 'token':
        return afterToken(context, settings)
      case 'code_verification':
        return afterDeviceCode(context, settings)
      case 'registration':
        return afterRegistration(context, settings)
      case 'client_delete':
        if (context.status === 204) settings.attestations.remove(context.oidc.client.clientId)
        return
      case 'introspection':
        return afterIntrospection(context, settings)
      case 'revocation':
        return afterRevocation(context, settings)
    }
  })
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
    // Noted before it is judged: a withdrawal either finds it in the ledger, or is seen here.
    await ledger.record(token, { claims, tokenId: tokenIdOf(written, token) })
    if (!(await isStillGood(claims, context.oidc.provider))) {
      await ledger.revokeToken(token)
      context.status = 400
      context.body = { error: 'invalid_grant', error_description: 'the grant was withdrawn' }
      return journal.write({ ...told, reason: 'invalid_grant: the grant was withdrawn', client: claims.client_id })
    }
    return journal.write({ ...told, claims })
  }
  // A client that waits for its nonce, or for its person, has not been refused.
  if (error === undefined || error === 'use_dpop_nonce' || error === 'authorization_pending' || error === 'slow_down')
    return
  const refused = { reason: `${error}: ${description ?? ''}`, status: context.status, client: client?.clientId }
  await journal.write({ ...told, ...refused })
}

/** The person has stopped at the page that shows the code, whether they had signed in or not. */
async function afterDeviceCode({ oidc }: Context, { journal }: HookSettings): Promise<void> {
  const code = oidc.entities.DeviceCode
  if (code?.error === undefined) return
  const told = { operation: 'consent', path: '/device', reason: 'stopped by the person' } as const
  await journal.write({ ...told, client: code.clientId, person: oidc.session?.accountId })
}

/** The grant, and every agent in the token, may have been ended while it was made. */
async function isStillGood(claims: ActorProfileClaims, provider: Provider): Promise<boolean> {
  const { client_id: client, sub, sub_profile: profile, mission } = claims
  const agents = new Set([client, ...(profile === 'user' ? [] : [sub]), ...actorsOf(claims).map((actor) => actor.sub)])
  for (const agent of agents) if ((await provider.Client.find(agent)) === undefined) return false
  return mission === undefined || (await provider.Grant.find(mission.id)) !== undefined
}

async function afterRegistration(context: Context, settings: HookSettings): Promise<void> {
  const { journal, attestations, invitations } = settings
  const told = { operation: 'registration', ...placeOf(context) } as const
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
