import { Denial } from '../refusal/denial.ts'

/** Why the reading of a token ends; verify.ts turns it into a refusal. */

/**
 * A chain of actors that is refused. It passes through the functions of a dialect, and none of them can swallow it: it is
 * kept beside.
 */
export class ActorFault extends Error {
  readonly code: 'delegation_malformed' | 'delegation_too_deep'
  readonly claim: string
  /** The option that would admit it. */
  readonly hint: string | undefined

  constructor(claim: string, hint?: string, code: ActorFault['code'] = 'delegation_malformed') {
    super(code)
    this.code = code
    this.claim = claim
    this.hint = hint
  }
}

/** A claim that is malformed in the eyes of a built-in dialect. */
export class ClaimFault extends Error {
  readonly claim: string

  constructor(claim: string) {
    super(claim)
    this.claim = claim
  }
}

/** Only a dialect throws anything else than a {@link ClaimFault}. */
export function claimDenial(error: unknown, issuer: { issuer: string; dialect: { name: string } }): Denial {
  if (error instanceof ClaimFault) return new Denial('token_claim', { claim: error.claim, issuer: issuer.issuer })
  const cause = `dialect ${issuer.dialect.name}: ${error instanceof Error ? error.message : 'threw'}`
  return new Denial('token_claim', { cause: cause.slice(0, 256), issuer: issuer.issuer })
}
