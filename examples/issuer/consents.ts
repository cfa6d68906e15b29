import type { Provider } from 'oidc-provider'
import type { AuthorizationDetail } from './actor-profile-claims.ts'
import { rightsOf } from './registration.ts'
import type { Storage } from './storage.ts'

/** A grant as its person sees it. */
export interface ConsentGiven {
  readonly id: string
  readonly agent: string
  readonly owner: string
  readonly resources: readonly (readonly [resource: string, scope: string])[]
  readonly details: readonly AuthorizationDetail[]
  /** Seconds since the epoch. */
  readonly until: number
}

/** The grants of a person that have not ended. */
export async function consentsOf(
  person: string,
  provider: Provider,
  storage: Storage,
): Promise<readonly ConsentGiven[]> {
  const grants = storage.all('Grant').filter(([, { accountId }]) => accountId === person)
  return Promise.all(
    grants.map(async ([id, { clientId = '', resources, rar, exp }]) => {
      const client = await provider.Client.find(clientId)
      return {
        id,
        agent: client?.clientName ?? clientId,
        owner: client === undefined ? '' : rightsOf(client).owner,
        resources: Object.entries((resources ?? {}) as Record<string, string>),
        details: (rar ?? []) as readonly AuthorizationDetail[],
        until: Number(exp),
      }
    }),
  )
}
