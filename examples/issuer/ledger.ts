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

interface Recorded extends Issued {
  /** The hash of a token. */
  readonly madeFrom?: string
}

/** The access tokens that are alive. oidc-provider keeps none that is a JWT. */
export interface Ledger {
  /** `madeFrom`: the token that was exchanged for it. */
  record(token: string, issued: Issued, madeFrom?: string): Promise<void>
  /** Undefined for tokens that are not of this issuer, have ended or were revoked. */
  find(token: string): Promise<Issued | undefined>
  /** By the name that resource servers have for it. */
  isAlive(tokenId: string): boolean
  /** With the tokens that were exchanged from it. */
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
  const alive = () => storage.all(kind) as unknown as readonly (readonly [hash: string, Recorded])[]

  async function revokeFrom(root: string): Promise<void> {
    const issued = (await tokens.find(root)) as unknown as Issued | undefined
    if (issued === undefined) return
    await tokens.destroy(root)
    onRevoked({ issuer, token: issued.tokenId })
    for (const [hash, { madeFrom }] of alive()) if (madeFrom === root) await revokeFrom(hash)
  }

  async function revokeWhere(isMeant: (claims: ActorProfileClaims) => boolean): Promise<void> {
    for (const [hash, { claims, tokenId }] of alive()) {
      if (!isMeant(claims)) continue
      await tokens.destroy(hash)
      onRevoked({ issuer, token: tokenId })
    }
  }

  return {
    async record(token, issued, madeFrom) {
      const { iat, exp } = issued.claims
      const from = madeFrom === undefined ? {} : { madeFrom: hashOf(madeFrom) }
      await tokens.upsert(hashOf(token), { ...issued, ...from }, exp - iat)
    },
    find: async (token) => (await tokens.find(hashOf(token))) as unknown as Issued | undefined,
    isAlive: (tokenId) => alive().some(([, issued]) => issued.tokenId === tokenId),
    revokeToken: (token) => revokeFrom(hashOf(token)),
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
