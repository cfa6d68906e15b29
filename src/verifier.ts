import { createBaselineCheck } from './access/check-access.ts'
import { partyIssuersOf } from './access/party-rule.ts'
import { createAuthorizer } from './access/route-authorizer.ts'
import { createRouteProblems } from './access/route-problems.ts'
import { createRecorder } from './audit/record.ts'
import type { RequestState } from './audit/request-state.ts'
import { createContexts } from './context/agent-context.ts'
import { checkDelegation, readParties, readPrincipal } from './context/parties.ts'
import { createStandingCheck } from './context/standing.ts'
import { readCredentials } from './credentials.ts'
import type { MaybePromise } from './internal/maybe-promise.ts'
import { createLeases } from './lease.ts'
import { createExamination } from './observe/examine.ts'
import { explanationOf } from './observe/explain.ts'
import { createObserving } from './observe/observer.ts'
import { readCloseTimeout } from './options/close.ts'
import { describePolicy } from './options/describe-policy.ts'
import { readOptions } from './options/policy.ts'
import { createMetadata } from './options/resource-metadata.ts'
import { AuthError } from './refusal/auth-error.ts'
import { Denial, next } from './refusal/denial.ts'
import { createRefuser } from './refusal/response.ts'
import { createSingleUse } from './replay/single-use.ts'
import { readBinding } from './sender/confirmation.ts'
import { createSenderCheck } from './sender/sender.ts'
import { prepareToken, type TokenReaders } from './token/prepared-token.ts'
import { createRevocationCheck } from './token/revocation.ts'
import { createTrust } from './token/trust.ts'
import { createTokenVerifier } from './token/verify.ts'
import type { VerifierOptions } from './types/options.ts'
import type { RequestView } from './types/request.ts'
import type { Verdict } from './types/verdict.ts'
import type { Verifier } from './types/verifier.ts'
import { type AdmittedToken, createConclusion } from './verdict.ts'

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
  const trust = createTrust(policy)
  const readers: TokenReaders = {
    confirmation: (token) => readBinding(token, policy),
    parties: (token, found) => readParties(token, policy.maxDepth, found),
    principal: ({ claims, issuer }) => readPrincipal(claims, issuer, claims.all['act'] === undefined),
  }
  const tokens = createTokenVerifier(policy, trust, (token) => prepareToken(token, readers))
  const revocation = createRevocationCheck(policy.revocation, policy.hookTimeoutMs)
  const sender = createSenderCheck(policy, policy.dpop === false ? undefined : createSingleUse(policy.dpop, policy))
  const standing = createStandingCheck(policy)
  const contexts = createContexts(policy, standing.partiesOf)
  const baseline = createBaselineCheck(policy, contexts)
  const refuse = createRefuser(policy, () => metadata?.advertisedUrl())
  const recorder = createRecorder(policy, contexts, sender.isCertificateIgnored)
  const conclude = createConclusion(policy, sender, contexts, refuse, recorder)
  const authorizer = createAuthorizer(policy, refuse, recorder, (context) => {
    const token = contexts.tokenOf(context)
    return token && (tokens.checkLife(token) ?? revocation.recheck(token))
  })
  const routeProblems = createRouteProblems(partyIssuersOf(policy))
  const examine = createExamination(policy, tokens, sender, readers)
  const observing = createObserving(policy, examine, recorder)
  const leases = createLeases(policy.clock, policy.revocation, contexts, policy.hookTimeoutMs, standing.holds)

  /** The way of a request. Each step takes what the one before it gave; the first denial is the answer. */
  function decide(state: RequestState, view: RequestView, request: object): MaybePromise<AdmittedToken | Denial> {
    return next(readCredentials(view, policy), (credentials) =>
      next(tokens.verify(state.presented(credentials)), (token) =>
        next(revocation.check(state.verified(token), credentials), (current) =>
          next(sender.prove(view, credentials, current, request), (bound) =>
            next(checkDelegation(state.proven(bound)), (delegated) =>
              next(standing.check(delegated), (accountable) =>
                next(baseline.check(accountable, request), (allowed) => revocation.settle(allowed, credentials)),
              ),
            ),
          ),
        ),
      ),
    )
  }

  function checkNow(view: RequestView, request: object = view): MaybePromise<Verdict> {
    const state = recorder.begin(view, request)
    const outcome = decide(state, view, request)
    if (!(outcome instanceof Promise)) return conclude(state, outcome)
    return outcome.then((late) => conclude(state, late instanceof Denial ? late : recheck(late)))
  }

  /** Time passes while a request waits: life, freshness, revocation and the directory's answers are judged again, last and without a further wait. */
  function recheck(admitted: AdmittedToken): AdmittedToken | Denial {
    const { token } = admitted
    return (
      tokens.checkLife(token) ??
      sender.checkFreshness(admitted) ??
      revocation.recheckAdmitted(admitted) ??
      standing.recheck(admitted) ??
      admitted
    )
  }

  const authorizeNow: Verifier['authorizeNow'] = (context, requirement, request, about) =>
    authorizer.authorize(context, requirement, request, about)

  return Object.freeze<Verifier>({
    checkNow,
    check: async (view, request) => checkNow(view, request),
    async verify(view) {
      const verdict = await checkNow(view)
      if (!verdict.ok) throw new AuthError(verdict.refusal)
      return verdict.context
    },
    explain: async (view) => explanationOf(await examine(view)),
    observer: observing.start,
    authorizeNow,
    authorize: async (context, requirement, request) => authorizeNow(context, requirement, request),
    lease: leases.lease,
    challenge: (requirement, view) => authorizer.challenge(requirement, view),
    metadata,
    hasBaseline: policy.access !== undefined,
    vary: policy.vary,
    resource: policy.resource,
    hookTimeoutMs: policy.hookTimeoutMs,
    checkRoutes: routeProblems.check,
    async ready() {
      routeProblems.throwIfAny()
      await trust.load()
    },
    describe: () => describePolicy(policy, metadata?.url),
    health: () => ({
      issuers: trust.state(),
      resolved: trust.resolved(),
      replay: sender.replay,
      caches: { tokens: tokens.cachedTokens, proofKeys: sender.cachedKeys },
      audit: recorder.counts,
      reported: recorder.reported,
      observed: observing.counts,
    }),
    async close(options) {
      const timeoutMs = readCloseTimeout(options)
      leases.close()
      trust.close()
      await recorder.close(timeoutMs)
    },
  })
}
