import type { EntityClaims, Party } from './context.ts'

/**
 * Looks a party up where its owners are known: a registry of agents, a SCIM service, a table. It is asked about the
 * principal and about every actor that the token names, once the sender is proven, and gets the party without `entity`.
 *
 * - An object describes the party: each of its members counts in the place of the token's own.
 * - `{ disabled: true }` refuses every token that names the party (`token_revoked`).
 * - `undefined` means that the directory does not know the party; the token alone counts.
 *
 * Throwing, rejecting, an answer of another shape or none within `hookTimeoutMs` refuses (`directory_unavailable`). An
 * answer counts for 30 s and is asked for anew in the background once it is 24 s old; while that fails, the old answer
 * counts to its end. Answers about at most 10 000 parties are kept.
 */
export type Directory = (
  party: Party,
) => EntityClaims | { disabled: true } | undefined | Promise<EntityClaims | { disabled: true } | undefined>
