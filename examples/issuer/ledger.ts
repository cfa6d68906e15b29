import { createHash } from 'node:crypto'
import type { Revocation } from 'onbehalf/revocation'
import type { ActorProfileClaims } from './actor-profile-claims.ts'
import { actorsOf } from './dialects/written-token.ts'
import type { Storage } from './storage.ts'

/** A token as it was issued. `tokenId` is how resource servers know it, whatever dialect it was written in. */
export interface Issued {
  readonly tokenId: string
  readonly claims: ActorProfileClaims
}

/** The access tokens that are alive. oidc-provider keeps none that is a JWT. */
export interface Ledger {
  record(token: string, issued: Issued): Promise<void>
  /** Undefined for tokens that are not of this issuer, have ended or were revoked. */
  find(token: string): Promise<Issued | undefined>
  revokeToken(token: string): Promise<void>
  /** Ends every token of a grant. */
  revokeGrant(grantId: string): Promise<void>
  /** Ends every token in which the agent has a part. */
  revokeAgent(agent: string): Promise<void>
}

const kind = 'IssuedToken'

/** `now` in seconds since the epoch. */
export function createLedger(
  issuer: string,
  storage: Storage,
  now: () => number,
  onRevoked: (revocation: Revocation) => void,
): Ledger {
  const tokens = storage.adapter(kind)

  async function revokeWhere(isMeant: (claims: ActorProfileClaims) => boolean): Promise<void> {
    for (const [hash, model] of storage.all(kind)) {
      const { claims, tokenId } = model as unknown as Issued
      if (!isMeant(claims)) continue
      await tokens.destroy(hash)
      onRevoked({ issuer, token: tokenId })
    }
  }

  return {
    async record(token, issued) {
      const { iat, exp } = issued.claims
      await tokens.upsert(hashOf(token), { ...issued }, exp - iat)
    },
    find: async (token) => (await tokens.find(hashOf(token))) as unknown as Issued | undefined,
    async revokeToken(token) {
      const issued = (await tokens.find(hashOf(token))) as unknown as Issued | undefined
      if (issued === undefined) return
      await tokens.destroy(hashOf(token))
      onRevoked({ issuer, token: issued.tokenId })
    },
    revokeGrant: (grantId) => revokeWhere(({ mission }) => mission?.id === grantId),
    async revokeAgent(agent) {
      await revokeWhere(
        (claims) =>
          claims.client_id === agent || claims.sub === agent || actorsOf(claims).some(({ sub }) => sub === agent),
      )
      // For tokens that are being issued this very moment. One that is registered later under this name starts afresh, also
      // where a reader hears of this again and again.
      const issuedBefore = now() + 1
      onRevoked({ issuer, party: agent, issuedBefore })
      onRevoked({ issuer, client: agent, issuedBefore })
    },
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
