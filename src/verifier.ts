import { createAuthorizer } from './access/authorize.ts'
import { createFloorStep } from './access/check.ts'
import { createRecorder } from './audit/record.ts'
import { Attempt, type Step } from './audit/request-state.ts'
import { checkDelegation } from './context/parties.ts'
import { createCredentialsStep } from './credentials.ts'
import type { MaybePromise } from './internal/maybe-promise.ts'
import { createLeases } from './lease.ts'
import { describePolicy } from './options/describe-policy.ts'
import { readOptions } from './options/policy.ts'
import { createMetadata } from './options/resource-metadata.ts'
import { AuthError } from './refusal/auth-error.ts'
import type { Denial } from './refusal/denial.ts'
import { createRefuser } from './refusal/response.ts'
import { createSenderCheck } from './sender/sender.ts'
import { createKeyrings } from './token/keyrings.ts'
import { createTokenPreparer, createTokenStep } from './token/prepared-token.ts'
import { createRevocationStep } from './token/revocation.ts'
import { createTokenReader } from './token/verify.ts'
import type { VerifierOptions } from './types/options.ts'
import type { RequestView } from './types/request.ts'
import type { Verdict } from './types/verdict.ts'
import type { Verifier } from './types/verifier.ts'
import { createConclusion } from './verdict.ts'

/**
 * The framework-agnostic core. Throws {@link OptionsError} at once on wrong options, naming every one. It does not open
 * sockets, read environment variables or route requests.
 * @example
 * const verifier = createVerifier({ issuer: 'https://as.example.com', resource: 'https://api.example.com' })
 * const verdict = await verifier.check(view)
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const policy = readOptions(options)
  const metadata = createMetadata(policy)
  const keyrings = createKeyrings(policy)
  const tokens = createTokenReader(policy, keyrings, createTokenPreparer(policy))
  const sender = createSenderCheck(policy)
  const refuse = createRefuser(policy, metadata?.url)
  const recorder = createRecorder(policy)
  const conclude = createConclusion(policy, sender, refuse, recorder)
  const authorizer = createAuthorizer(policy, refuse, recorder)
  const leases = createLeases(policy.clock, policy.revocation)
  /** Which attempt a framework's request was, for the audit of later access decisions. */
  const attempts = new WeakMap<object, Attempt>()

  /** The way of a request. Each step says nothing, or why it refuses; the first refusal is the answer. */
  const steps: readonly Step[] = [
    createCredentialsStep(policy),
    createTokenStep(tokens),
    createRevocationStep(policy.revocation),
    sender.check,
    sender.spend,
    checkDelegation,
    createFloorStep(policy),
  ]

  function walk(attempt: Attempt, from: number): MaybePromise<Denial | undefined> {
    attempt.nowMs = policy.clock.now()
    for (let at = from; at < steps.length; at++) {
      const denial = (steps[at] as Step)(attempt)
      if (denial instanceof Promise) return denial.then((late) => late ?? walk(attempt, at + 1))
      if (denial !== undefined) return denial
    }
    return undefined
  }

  function checkNow(view: RequestView, request: object = view): MaybePromise<Verdict> {
    const attempt = new Attempt(view, request)
    if (recorder.isWatched) attempts.set(request, attempt)
    const denial = walk(attempt, 0)
    return denial instanceof Promise ? denial.then((late) => conclude(attempt, late)) : conclude(attempt, denial)
  }

  const authorizeNow: Verifier['authorizeNow'] = (context, requirement, request) =>
    authorizer.authorize(context, requirement, request, attempts.get(Object(request)))

  return Object.freeze<Verifier>({
    checkNow,
    check: async (view, request) => checkNow(view, request),
    async verify(view) {
      const verdict = await checkNow(view)
      if (!verdict.ok) throw new AuthError(verdict.refusal)
      return verdict.context
    },
    authorizeNow,
    authorize: async (context, requirement, request) => authorizeNow(context, requirement, request),
    lease: leases.lease,
    challenge: (requirement, view) => authorizer.challenge(requirement, new Attempt(view, view)),
    metadata,
    hasFloor: policy.access !== undefined,
    async ready() {
      await Promise.all([...keyrings.values()].map((keyring) => keyring.load()))
    },
    describe: () => describePolicy(policy, metadata?.url),
    health: () => ({
      issuers: [...keyrings].map(([issuer, keyring]) => ({ issuer, ...keyring.state() })),
      replay: sender.replay,
      caches: { tokens: tokens.cachedTokens, proofKeys: sender.cachedKeys },
      audit: recorder.counts,
    }),
    close() {
      leases.close()
      for (const keyring of keyrings.values()) keyring.close()
    },
  })
}
