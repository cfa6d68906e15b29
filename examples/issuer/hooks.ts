import type { Context, Provider } from 'oidc-provider'
import { afterToken, type TokenSettings } from './after-token.ts'
import { bodyOf, placeOf, refusalOf } from './answered.ts'
import type { AttestedAgents } from './attestations.ts'
import type { Invitations } from './invitations.ts'
import { afterIntrospection, afterRevocation } from './jwt-answers.ts'
import { rightsOf } from './registration.ts'
import type { Revoker } from './revoker.ts'

export interface HookSettings extends TokenSettings {
  readonly attestations: AttestedAgents
  readonly invitations: Invitations
  readonly revoke: Revoker
}

/** What has to happen once oidc-provider has answered: tokens are noted, and every step is written down. */
export function addHooks(provider: Provider, settings: HookSettings): void {
  const misused = new WeakMap<Context, string>()
  // RFC 6749 §4.1.2: a code that was used again may have been stolen before.
  provider.on('grant.revoked', (context: Context, grant: string) => void misused.set(context, grant))
  provider.on('authorization.error', (context: Context, { error }: { readonly error?: string }) => {
    // The consent that was refused has its own event; who has to sign in first is not refused.
    if (error === undefined || error === 'access_denied' || error.endsWith('_required')) return
    const client = context.oidc.client?.clientId
    const told = { operation: 'authorization', reason: error, client, ...placeOf(context) } as const
    settings.journal.write(told).catch(console.error)
  })
  provider.use(async (context, next) => {
    await next()
    switch (context.oidc?.route) {
      case 'token':
        await afterToken(context, settings)
        return endMisused(context)
      case 'code_verification':
        return afterDeviceCode(context, settings)
      case 'registration':
        return afterRegistration(context, settings)
      case 'client_update':
      case 'client_delete':
        return afterRegistrationChange(context, settings)
      case 'device_authorization':
        return tellRefusal(context, 'issuance', settings)
      case 'pushed_authorization_request':
        return tellRefusal(context, 'authorization', settings)
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

/** The person has stopped at the page that shows the code, whether they had signed in or not. */
async function afterDeviceCode({ oidc }: Context, { journal }: HookSettings): Promise<void> {
  const code = oidc.entities.DeviceCode
  if (code?.error === undefined) return
  const { clientId: client } = code
  await journal.write({ operation: 'denial', path: '/device', client, person: oidc.session?.accountId })
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
  await journal.write({ ...told, ...refusalOf(context) })
}

/** RFC 7592 §2.2, §2.3. A new description does not attest. */
async function afterRegistrationChange(context: Context, settings: HookSettings): Promise<void> {
  const { journal, revoke, attestations } = settings
  const isEnd = context.oidc.route === 'client_delete'
  const client = context.oidc.client?.clientId
  const told = { operation: isEnd ? 'registration_end' : 'registration_update', client, ...placeOf(context) } as const
  if (context.status >= 400) return journal.write({ ...told, ...refusalOf(context) })
  // Its tokens end with it. One that was revoked while it sent an update must not come back by it.
  const isRevoked = client !== undefined && attestations.ownerOf(client) === undefined
  if (client !== undefined && (isEnd || isRevoked)) await revoke.client(client)
  if (!isEnd && isRevoked) {
    context.status = 401
    context.body = { error: 'invalid_token', error_description: 'the client was revoked' }
    return journal.write({ ...told, ...refusalOf(context) })
  }
  await journal.write(told)
}

/** RFC 8628 §3.1, RFC 9126 §2.1: what is given here is no token yet. */
async function tellRefusal(
  context: Context,
  operation: 'issuance' | 'authorization',
  { journal }: HookSettings,
): Promise<void> {
  const { error } = bodyOf(context)
  if (error === undefined || error === 'use_dpop_nonce') return
  const told = { operation, client: context.oidc.client?.clientId, ...placeOf(context) } as const
  await journal.write({ ...told, ...refusalOf(context) })
}
