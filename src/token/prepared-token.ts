import type { Parties } from '../context/parties.ts'
import { sealed } from '../internal/freeze.ts'
import { sha256 } from '../jose/sha256.ts'
import { numbers } from '../options/defaults.ts'
import { Denial } from '../refusal/denial.ts'
import type { ProofOwner } from '../replay/memory-store.ts'
import type { Confirmation } from '../sender/confirmation.ts'
import type { Party } from '../types/context.ts'
import type { RevocationQuery } from '../types/options.ts'
import type { VerifiedToken } from './verify.ts'

/**
 * A verified token with everything that follows from it alone, derived once and kept in the cache. A refusal found here is
 * kept until its step comes. There is no context and no verdict in it: those need a BoundToken.
 */
export interface PreparedToken extends VerifiedToken {
  readonly confirmation: Confirmation | Denial
  readonly parties: Parties | Denial
  /** Known even where the chain is refused. */
  readonly principal: Party
  /** The client whose share of the replay memory a proof takes. */
  readonly partition: string
  readonly revocationQuery: RevocationQuery
  /** The relaxed settings this token needs to be admitted, as option paths. */
  readonly relaxations: readonly string[]
  /** Under what the built-in memory remembers this token's proofs; made with the first one. */
  proofOwner: ProofOwner | undefined
}

/** How the steps behind this one read a token. */
export interface TokenReaders {
  confirmation(token: VerifiedToken): Confirmation | Denial
  parties(token: VerifiedToken): Parties | Denial
  principal(token: VerifiedToken): Party
}

export function prepareToken(token: VerifiedToken, readers: TokenReaders): PreparedToken {
  const { issuer, claims, hash } = token
  const confirmation = readers.confirmation(token)
  const parties = readers.parties(token)
  const principal = parties instanceof Denial ? readers.principal(token) : parties.principal
  const named = parties instanceof Denial ? [] : parties.named
  return {
    issuer,
    claims,
    hash,
    confirmation,
    parties,
    principal,
    partition: sha256(JSON.stringify([issuer.issuer, claims.clientId, claims.sub])),
    revocationQuery: sealed({
      issuer: issuer.issuer,
      tokenId: claims.jti,
      issuedAt: claims.iat,
      parties: Object.freeze([principal, ...named]),
    }),
    relaxations: tokenRelaxations(token, confirmation),
    proofOwner: undefined,
  }
}

function tokenRelaxations({ issuer, claims }: VerifiedToken, confirmation: Confirmation | Denial): readonly string[] {
  const used: string[] = []
  const hasOther = Object.keys(claims.cnf ?? {}).some((name) => issuer.ignoreCnf.has(name))
  const isUnbound = !(confirmation instanceof Denial) && confirmation.method === 'none'
  if (isUnbound) used.push(`${issuer.path}.dangerously.allowUnbound`)
  if (hasOther) used.push(`${issuer.path}.ignoreCnf`)
  if (claims.audience === undefined) used.push(`${issuer.path}.dangerously.allowMissingAudience`)
  if (claims.exp - claims.iat > numbers['issuer.maxTokenSeconds'].default) used.push(`${issuer.path}.maxTokenSeconds`)
  return Object.freeze(used)
}
