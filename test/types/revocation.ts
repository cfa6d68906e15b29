import type { Party } from 'onbehalf'
import type { MemoryRevocations, Revocation } from 'onbehalf/revocation'

/** Compiled, never run: a revocation has an issuer and exactly one selector. */

const issuer = 'https://as.example.test'

export const good = (party: Party): readonly Revocation[] => [
  { issuer, party },
  { issuer, party: party.subject, issuedBefore: 7 },
  { issuer, sender: { x5t: 'x' } },
]

export const wrong: readonly Revocation[] = [
  // @ts-expect-error no selector
  { issuer },
  // @ts-expect-error two
  { issuer, token: 'x', client: 'x' },
  // @ts-expect-error no issuer
  { token: 'x' },
  // @ts-expect-error no such selector
  { issuer, jti: 'x' },
]

/** It answers at once. */
export const answer = (revocations: MemoryRevocations): boolean =>
  revocations.isRevoked({ issuer, tokenId: 'x', issuedAt: 1, expiresAt: 2, parties: [], sender: {} })
