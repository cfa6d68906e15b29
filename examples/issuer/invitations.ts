import { type Context, errors, type Provider } from 'oidc-provider'
import { type Rights, rightsMembers, rightsOf } from './registration.ts'

/** What the operator of the issuer has agreed with an owner, before the agent registers itself (RFC 7591 §3). */
export type Invitation = Rights

/** Rights come from the operator: what a registration says of its own rights is replaced, what it says of its owner must fit. */
export interface Invitations {
  /** An initial access token for one registration within ten minutes. */
  invite(provider: Provider, invitation: Invitation): Promise<string>
  /** The policy of oidc-provider that a registration, and an update of it, has to pass. */
  applyRights(context: Context, metadata: Record<string, unknown>): void
  /** The registration has failed: its invitation holds again. */
  giveBack(context: Context): void
}

const maxOpen = 1_000

export function createInvitations(): Invitations {
  const open = new Map<string, Invitation>()
  const taken = new WeakMap<Context, readonly [id: string, Invitation]>()

  function take(context: Context): Rights {
    const id = context.oidc.entities.InitialAccessToken?.jti
    // An update (RFC 7592 §2.2): the rights stay as they were.
    if (id === undefined) return rightsOf(context.oidc.client)
    const invitation = open.get(id)
    if (invitation === undefined) throw new errors.InvalidToken('the invitation was used')
    open.delete(id)
    taken.set(context, [id, invitation])
    return invitation
  }

  return {
    async invite(provider, invitation) {
      if (open.size >= maxOpen) open.delete([...open.keys()][0] as string)
      const token = new provider.InitialAccessToken({ expiresIn: 600, policies: ['rights'] })
      const value = await token.save()
      open.set(token.jti, invitation)
      return value
    },
    applyRights(context, metadata) {
      const { scope, ...rights } = take(context)
      if (metadata['owner'] === undefined)
        throw new errors.InvalidClientMetadata('owner must name who answers for the client')
      if (metadata['owner'] !== rights.owner)
        throw new errors.InvalidClientMetadata('owner is not the one of the invitation')
      const asked = metadata['scope'] ?? scope
      const allowed = new Set(scope.split(' '))
      if (typeof asked !== 'string' || !asked.split(' ').every((one) => allowed.has(one))) {
        throw new errors.InvalidClientMetadata('scope exceeds the invitation')
      }
      for (const member of rightsMembers) metadata[member] = rights[member]
      // A member of oidc-provider itself.
      metadata['authorization_details_types'] = rights.authorization_details_types
      metadata['scope'] = asked
    },
    giveBack(context) {
      const [id, invitation] = taken.get(context) ?? []
      if (id !== undefined && invitation !== undefined) open.set(id, invitation)
    },
  }
}
