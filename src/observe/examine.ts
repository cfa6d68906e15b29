import { accessSetting, checkAccess } from '../access/check-access.ts'
import type { Requirement } from '../access/requirement.ts'
import { contextMembers } from '../context/agent-context.ts'
import { checkOwner } from '../context/standing.ts'
import { type Credentials, readCredentials } from '../credentials.ts'
import type { Policy } from '../options/policy.ts'
import { Denial, Findings } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { Proof } from '../sender/proof.ts'
import type { SenderCheck } from '../sender/sender.ts'
import { type PreparedToken, prepareToken, type TokenReaders } from '../token/prepared-token.ts'
import type { ExaminedToken, TokenVerifier } from '../token/verify.ts'
import type { RequestView } from '../types/request.ts'

/** Everything that is wrong with one request. */
export interface Examination {
  /** In the order of the checks. */
  readonly reasons: readonly Denial[]
  readonly signature: ExaminedToken['signature']
  readonly credentials: Credentials | undefined
  /** Set where the signature held and the claims can be read. */
  readonly token: PreparedToken | undefined
  /** The proof, where nothing about it is wrong. */
  readonly proof: Proof | undefined
  /** Whether the sender holds every key that the token is bound to. */
  readonly isProven: boolean
}

/** Uses up a proof in a memory of the caller's. */
export type UseProof = (proof: Proof, jkt: string, token: PreparedToken) => Denial | undefined

export type Examine = (view: RequestView, use?: UseProof) => Promise<Examination>

/** Where a refusal comes from: only what the checks find in the request itself can be explained. */
export const origins: Readonly<Record<RefusalCode, 'check' | 'fetch' | 'store' | 'hook' | 'introspection' | 'audit'>> =
  {
    request_malformed: 'check',
    credentials_missing: 'check',
    token_malformed: 'check',
    token_type: 'check',
    token_algorithm: 'check',
    token_issuer: 'check',
    token_expired: 'check',
    token_key_unknown: 'check',
    token_signature: 'check',
    token_claim: 'check',
    token_audience: 'check',
    token_not_active: 'check',
    token_lifetime: 'check',
    token_revoked: 'hook',
    binding_unsupported: 'check',
    binding_missing: 'check',
    binding_scheme: 'check',
    certificate_missing: 'check',
    binding_mismatch: 'check',
    proof_missing: 'check',
    proof_malformed: 'check',
    proof_key: 'check',
    nonce_required: 'check',
    nonce_invalid: 'check',
    proof_method: 'check',
    proof_target: 'check',
    proof_token_hash: 'check',
    proof_expired: 'check',
    proof_not_active: 'check',
    proof_signature: 'check',
    proof_replayed: 'store',
    rate_limited: 'store',
    delegation_malformed: 'check',
    delegation_too_deep: 'check',
    delegation_not_allowed: 'check',
    owner_missing: 'check',
    actor_unauthorized: 'check',
    authority_required: 'check',
    access_denied: 'check',
    details_missing: 'check',
    permission_missing: 'check',
    authentication_insufficient: 'check',
    scope_missing: 'check',
    keys_unavailable: 'fetch',
    introspection_unavailable: 'introspection',
    replay_unavailable: 'store',
    revocation_unavailable: 'hook',
    directory_unavailable: 'hook',
    policy_unavailable: 'hook',
    audit_unavailable: 'audit',
  }

const everyCheck = new Set((Object.keys(origins) as readonly RefusalCode[]).filter((code) => origins[code] === 'check'))

/**
 * Runs the checks of the pipeline, in its order, and goes on behind each denial as far as the request can be read. It uses
 * up nothing and asks no store, hook, directory or introspection; only keys of configured issuers are fetched.
 */
export function createExamination(
  policy: Policy,
  tokens: Pick<TokenVerifier<PreparedToken>, 'examine'>,
  sender: Pick<SenderCheck, 'examine'>,
  readers: TokenReaders,
): Examine {
  const baseline = policy.access === undefined ? undefined : withoutFunctions(policy.access)
  const setting = accessSetting(policy)
  const enforcement = policy.reportOnly.size === 0 ? 'enforced' : 'report-only'
  // A directory could name the owner.
  const asksForOwner = policy.requireOwner && policy.directory === undefined

  function checkParties({ parties, confirmation, ...token }: PreparedToken, view: RequestView, found: Findings): void {
    if (parties instanceof Denial) {
      found.note(parties)
      return
    }
    if (asksForOwner) found.enforced(checkOwner(parties))
    if (baseline === undefined || confirmation instanceof Denial) return
    // Nothing asks a function, so that nothing has to be awaited, and every denial is noted.
    void checkAccess(baseline, contextMembers(token, confirmation, parties, enforcement), view, setting, found)
  }

  /** A function that finds certificates is not asked, so that a binding to one is neither proven nor refuted. */
  function owesUnaskedCertificate(confirmation: PreparedToken['confirmation']): boolean {
    const isUnasked = policy.mtls !== false && policy.mtls.from === 'function'
    return isUnasked && !(confirmation instanceof Denial) && confirmation.x5t !== undefined
  }

  return async function examine(view, use) {
    const found = new Findings(everyCheck, true)
    const about = { reasons: found.noted, proof: undefined, isProven: false }
    const credentials = readCredentials(view, policy)
    if (credentials instanceof Denial) {
      found.note(credentials)
      return { ...about, signature: 'unknown', credentials: undefined, token: undefined }
    }
    const { signature, token: verified } = await tokens.examine(credentials, found)
    if (verified === undefined) return { ...about, signature, credentials, token: undefined }

    const inChain = new Findings(everyCheck, true)
    const token = prepareToken(verified, readers, inChain)
    const { confirmation, issuer } = token
    const before = found.noted.length
    let proof: Proof | undefined
    if (confirmation instanceof Denial) found.note(confirmation)
    else proof = await sender.examine(view, credentials, { confirmation, issuer }, found)
    const isProven = found.noted.length === before && !owesUnaskedCertificate(confirmation)
    if (!isProven) proof = undefined
    const used =
      proof !== undefined && !(confirmation instanceof Denial) && confirmation.jkt !== undefined
        ? use?.(proof, confirmation.jkt, token)
        : undefined
    if (used !== undefined) found.note(used)

    for (const denial of inChain.noted) found.note(denial)
    checkParties(token, view, found)
    return { reasons: found.noted, signature, credentials, token, proof, isProven }
  }
}

/** What can be judged without asking a function of the user's. */
function withoutFunctions(requirement: Requirement): Requirement {
  const { actor, principal, details } = requirement
  return {
    ...requirement,
    actor: typeof actor === 'function' ? undefined : actor,
    principal: typeof principal === 'function' ? undefined : principal,
    pair: undefined,
    where: undefined,
    // A token without a detail of the type is refused before any function is asked.
    details: details && { type: details.type, allows: () => true },
  }
}
