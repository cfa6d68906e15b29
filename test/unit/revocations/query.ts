import type { Party, RevocationQuery } from 'onbehalf'
import { issuerUrl } from '../../support/kit.ts'

/** What a verifier asks about a token of alice, with changes. */
export function queryOf(changes: Partial<RevocationQuery> = {}): RevocationQuery {
  return {
    issuer: issuerUrl,
    tokenId: 't',
    issuedAt: 1_000,
    expiresAt: 1_300,
    parties: [partyOf()],
    sender: {},
    ...changes,
  }
}

export function partyOf(changes: Partial<Party> = {}): Party {
  return {
    subject: 'alice',
    issuer: issuerUrl,
    assertedBy: issuerUrl,
    kind: 'unknown',
    kindSource: 'none',
    profiles: [],
    ...changes,
  }
}
