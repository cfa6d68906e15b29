import type { AttestedAgents } from './attestations.ts'
import type { Ledger } from './ledger.ts'
import type { Storage } from './storage.ts'

export interface Revoker {
  /** Ends a consent and every token that goes back to it. */
  grant(id: string): Promise<void>
  /** Ends a client with all that it holds and all that people have let it do. */
  client(id: string): Promise<void>
}

export interface RevokerSettings {
  readonly storage: Storage
  readonly ledger: Ledger
  readonly attestations: AttestedAgents
}

/** What a client holds that is not an access token. */
const heldKinds = ['AuthorizationCode', 'DeviceCode', 'PushedAuthorizationRequest', 'RegistrationAccessToken']

export function createRevoker({ storage, ledger, attestations }: RevokerSettings): Revoker {
  async function grant(id: string): Promise<void> {
    // First, so that a token that is being issued finds it gone.
    await storage.adapter('Grant').destroy(id)
    for (const kind of ['AuthorizationCode', 'DeviceCode']) await storage.adapter(kind).revokeByGrantId(id)
    await ledger.revokeGrant(id)
  }

  async function destroyHeld(kind: string, client: string): Promise<void> {
    for (const [id, { clientId }] of storage.all(kind)) if (clientId === client) await storage.adapter(kind).destroy(id)
  }

  return {
    grant,
    async client(id) {
      await storage.adapter('Client').destroy(id)
      attestations.remove(id)
      for (const kind of heldKinds) await destroyHeld(kind, id)
      // Others may hold tokens that were exchanged from those of an application.
      for (const [grantId, { clientId }] of storage.all('Grant')) if (clientId === id) await grant(grantId)
      await ledger.revokeAgent(id)
    },
  }
}
