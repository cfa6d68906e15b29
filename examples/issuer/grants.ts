import type { Context, Grant } from 'oidc-provider'
import { maxTokenSeconds } from './claims.ts'

/** A token ends with the consent behind it. */
export function lifetimeWithin({ oidc }: Context): number {
  const end = oidc.entities.Grant?.exp
  const left = end === undefined ? maxTokenSeconds : end - Math.floor(Date.now() / 1_000)
  return Math.max(1, Math.min(maxTokenSeconds, left))
}

/** Each consent is a grant of its own, so that it holds as long as the person has said, and no longer. */
export async function grantOf({ provider, result }: Context['oidc']): Promise<Grant | undefined> {
  const id = result?.consent?.grantId
  return id === undefined ? undefined : provider.Grant.find(id)
}
