import type { Parties } from '../context/parties.ts'
import { sealed } from '../internal/freeze.ts'
import { isExactNumber } from '../jose/exact-number.ts'
import { sha256 } from '../jose/sha256.ts'
import { isJsonObject } from '../jose/strict-json.ts'
import { numbers } from '../options/defaults.ts'
import { codesOf, Denial, type Findings } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { ProofOwner } from '../replay/memory-store.ts'
import type { Confirmation } from '../sender/confirmation.ts'
import type { Party } from '../types/context.ts'
import type { RevocationQuery } from '../types/revocation.ts'
import { claimNamesOf } from './claim-names.ts'
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
  /** Codes that `reportOnly` overlooked in this token. */
  readonly reported: readonly RefusalCode[]
  /** The relaxed settings this token needs to be admitted, as option paths. */
  readonly relaxations: readonly string[]
  /** Under what the built-in memory remembers this token's proofs; made with the first one. */
  proofOwner: ProofOwner | undefined
}

/** How the steps behind this one read a token. */
export interface TokenReaders {
  confirmation(token: VerifiedToken): Confirmation | Denial
  parties(token: VerifiedToken, found: Findings): Parties | Denial
  principal(token: VerifiedToken): Party
}

/** `inChain`: where faults of the chain are noted. */
export function prepareToken(
  token: VerifiedToken,
  readers: TokenReaders,
  inChain: Findings = token.found,
): PreparedToken {
  const { issuer, claims, id, issuedAt, hash, tokenType, found } = token
  const confirmation = readers.confirmation(token)
  const parties = readers.parties(token, inChain)
  const principal = parties instanceof Denial ? readers.principal(token) : parties.principal
  const named = parties instanceof Denial ? [] : parties.named
  return {
    issuer,
    claims,
    id,
    issuedAt,
    hash,
    tokenType,
    found,
    confirmation,
    parties,
    principal,
    partition: sha256(JSON.stringify([issuer.issuer, claims.clientId, claims.sub])),
    revocationQuery: readRevocationQuery(token, confirmation, [principal, ...named]),
    reported: codesOf(found.noted),
    relaxations: tokenRelaxations(token, confirmation, parties),
    proofOwner: undefined,
  }
}

function readRevocationQuery(
  { issuer, claims, id }: VerifiedToken,
  confirmation: Confirmation | Denial,
  parties: readonly Party[],
): RevocationQuery {
  const { sid } = claims.all
  const owner = (parties[1] ?? parties[0])?.entity?.owner
  const status = readStatus(claims.all['status'])
  const { jkt, x5t } = confirmation instanceof Denial ? {} : confirmation
  return sealed({
    issuer: issuer.issuer,
    tokenId: id,
    issuedAt: claims.iat ?? 0,
    expiresAt: claims.exp,
    parties: Object.freeze([...parties]),
    ...(claims.clientId !== undefined && { clientId: claims.clientId }),
    ...(typeof sid === 'string' && { sessionId: sid }),
    ...(typeof owner === 'string' && { owner }),
    sender: sealed({ ...(jkt !== undefined && { jkt }), ...(x5t !== undefined && { x5t }) }),
    ...(status !== undefined && { status }),
  })
}

/** `status.status_list` (draft-ietf-oauth-status-list §6). */
function readStatus(status: unknown): RevocationQuery['status'] {
  const list = isJsonObject(status) ? status['status_list'] : undefined
  if (!isJsonObject(list)) return undefined
  const { uri, idx: index } = list
  return typeof uri === 'string' && isExactNumber(index) ? sealed({ uri, index }) : undefined
}

function tokenRelaxations(
  { issuer, claims, issuedAt, found }: VerifiedToken,
  confirmation: Confirmation | Denial,
  parties: Parties | Denial,
): readonly string[] {
  const used: string[] = []
  const isUnbound = !(confirmation instanceof Denial) && confirmation.method === 'none'
  const { optionalClaims = [] } = issuer.dialect
  const names = claimNamesOf(issuer.dialect)
  const isNoted = (code: RefusalCode) => found.noted.some((denial) => denial.code === code)
  const lacksClaim = (['client_id', 'jti', 'iat'] as const).some(
    (claim) => !optionalClaims.includes(claim) && !names[claim].some((name) => Object.hasOwn(claims.all, name)),
  )
  const waivesAudience = claims.audience === undefined && !isNoted('token_audience')
  if (isUnbound && issuer.allowUnbound) used.push(`${issuer.path}.dangerously.allowUnbound`)
  if (waivesAudience) used.push(`${issuer.path}.dangerously.allowMissingAudience`)
  if (issuer.hasOptionalClaims && lacksClaim) used.push(`${issuer.path}.optionalClaims`)
  if (!(parties instanceof Denial) && parties.usesActorClaims) used.push(`${issuer.path}.actorClaims`)
  const { default: ceiling } = numbers['issuer.maxTokenSeconds']
  if (claims.exp - issuedAt > ceiling && issuer.maxTokenSeconds > ceiling) used.push(`${issuer.path}.maxTokenSeconds`)
  if (found.noted.length > 0) used.push('reportOnly')
  return Object.freeze(used)
}
