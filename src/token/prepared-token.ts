import type { PreparedToken, Step } from '../audit/request-state.ts'
import { buildContext, describeSender } from '../context/agent-context.ts'
import { readParties, readPrincipal } from '../context/parties.ts'
import { sealed } from '../internal/freeze.ts'
import { andThen } from '../internal/maybe-promise.ts'
import { sha256 } from '../jose/sha256.ts'
import { defaultTokenSeconds } from '../options/issuer.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import { readConfirmation } from '../sender/confirmation.ts'
import { revocationQueries } from './revocation.ts'
import type { TokenReader, VerifiedToken } from './verify.ts'

/** Step 2. The raw token is let go as soon as it is judged. */
export function createTokenStep(tokens: TokenReader<PreparedToken>): Step {
  return function verifyToken(attempt) {
    const token = attempt.accessToken
    attempt.accessToken = ''
    return andThen(tokens.verify(token, attempt.tokenHash ?? '', attempt.nowMs), (verified) => {
      if (verified instanceof Denial) return verified
      attempt.token = verified
      return undefined
    })
  }
}

const nothing: readonly never[] = Object.freeze([])

/** Everything that follows from the token alone, derived once and kept with it in the cache. */
export function createTokenPreparer(policy: Policy): (token: VerifiedToken) => PreparedToken {
  return function prepare(token) {
    const { issuer, claims } = token
    const binding = readConfirmation(claims.cnf, policy, issuer)
    const parties = readParties(claims, issuer, policy.maxDepth)
    const sender = binding instanceof Denial ? undefined : describeSender(binding)
    const context =
      sender !== undefined && !(parties instanceof Denial) ? buildContext(token, sender, parties) : undefined
    const principal = parties instanceof Denial ? readPrincipal(claims, issuer) : parties.principal
    const named = parties instanceof Denial ? nothing : parties.named
    const revocationQuery = sealed({
      issuer: issuer.issuer,
      tokenId: claims.jti,
      issuedAt: claims.iat,
      parties: Object.freeze([principal, ...named]),
    })
    if (context !== undefined) revocationQueries.set(context, revocationQuery)
    return {
      token,
      binding,
      parties,
      principal,
      sender,
      context,
      admitted:
        context === undefined
          ? undefined
          : Object.freeze({ ok: true, context, headers: nothing, wouldRefuse: nothing }),
      partition: sha256(JSON.stringify([issuer.issuer, claims.clientId, claims.sub])),
      revocationQuery,
      relaxations: relaxationsOf(token, sender),
      proofOwner: undefined,
    }
  }
}

/** The relaxed settings this token was admitted by, as option paths. */
function relaxationsOf({ issuer, claims }: VerifiedToken, sender: PreparedToken['sender']): readonly string[] {
  const used: string[] = []
  const hasOther = Object.keys(claims.cnf ?? {}).some((name) => issuer.ignoreCnf.has(name))
  if (sender?.method === 'none') used.push(`${issuer.path}.dangerously.allowUnbound`)
  if (hasOther) used.push(`${issuer.path}.ignoreCnf`)
  if (claims.audience === undefined) used.push(`${issuer.path}.dangerously.allowMissingAudience`)
  if (claims.exp - claims.iat > defaultTokenSeconds) used.push(`${issuer.path}.maxTokenSeconds`)
  return Object.freeze(used)
}
