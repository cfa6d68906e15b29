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

  async function end(hash: string, { tokenId }: Issued): Promise<void> {
    await tokens.destroy(hash)
    onRevoked({ issuer, token: tokenId })
  }

  async function revokeFrom(root: string): Promise<void> {
    const issued = (await tokens.find(root)) as unknown as Issued | undefined
    if (issued === undefined) return
    await end(root, issued)
    const ended = new Set([root])
    // Until there is no more: one may be exchanged while others end.
    for (let left = madeFrom(ended); left.length > 0; left = madeFrom(ended)) {
      for (const [hash, made] of left) {
        ended.add(hash)
        await end(hash, made)
      }
    }
  }

  /** What was exchanged from these tokens, and from that again. One pass builds the tree: a client may make thousands. */
  function madeFrom(roots: ReadonlySet<string>): readonly (readonly [hash: string, Recorded])[] {
    const children = new Map<string, (readonly [hash: string, Recorded])[]>()
    for (const entry of alive()) {
      const { madeFrom: from } = entry[1]
      if (from === undefined) continue
      const siblings = children.get(from)
      if (siblings === undefined) children.set(from, [entry])
      else siblings.push(entry)
    }
    const found = [...roots].flatMap((root) => children.get(root) ?? [])
    for (const [hash] of found) for (const child of children.get(hash) ?? []) found.push(child)
    return found
  }

  async function revokeWhere(isMeant: (claims: ActorProfileClaims) => boolean): Promise<void> {
    for (const [hash, recorded] of alive()) if (isMeant(recorded.claims)) await end(hash, recorded)
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
