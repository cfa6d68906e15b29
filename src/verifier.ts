import { createAuthorizer } from './access/authorize.ts'
import { type AllowedToken, createBaselineCheck } from './access/check.ts'
import { createRouteProblems } from './access/route-problems.ts'
import { createRecorder } from './audit/record.ts'
import { RequestState } from './audit/request-state.ts'
import { createContexts } from './context/agent-context.ts'
import { checkDelegation, readParties, readPrincipal } from './context/parties.ts'
import { readCredentials } from './credentials.ts'
import { andThen, type MaybePromise } from './internal/maybe-promise.ts'
import { createLeases } from './lease.ts'
import { describePolicy } from './options/describe-policy.ts'
import { readOptions } from './options/policy.ts'
import { createMetadata } from './options/resource-metadata.ts'
import { AuthError } from './refusal/auth-error.ts'
import { type Denial, next } from './refusal/denial.ts'
import { createRefuser } from './refusal/response.ts'
import { readConfirmation } from './sender/confirmation.ts'
import { createSenderCheck } from './sender/sender.ts'
import { createKeyrings } from './token/keyrings.ts'
import { prepareToken } from './token/prepared-token.ts'
import { createRevocationCheck } from './token/revocation.ts'
import { createTokenVerifier } from './token/verify.ts'
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
  const tokens = createTokenVerifier(policy, keyrings, (token) =>
    prepareToken(token, {
      confirmation: ({ claims, issuer }) => readConfirmation(claims.cnf, policy, issuer),
      parties: ({ claims, issuer }) => readParties(claims, issuer, policy.maxDepth),
      principal: ({ claims, issuer }) => readPrincipal(claims, issuer),
    }),
  )
  const revocation = createRevocationCheck(policy.revocation)
  const sender = createSenderCheck(policy)
  const contexts = createContexts()
  const baseline = createBaselineCheck(policy, contexts)
  const refuse = createRefuser(policy, () => metadata?.advertisedUrl())
  const recorder = createRecorder(policy)
  const conclude = createConclusion(policy, sender, contexts, refuse, recorder)
  const authorizer = createAuthorizer(policy, refuse, recorder)
  const routeProblems = createRouteProblems([...policy.issuers.keys()])
  const leases = createLeases(policy.clock, policy.revocation, contexts)
  /** The state of a framework's request, for the audit of later access decisions. */
  const states = new WeakMap<object, RequestState>()

  /** The way of a request. Each step takes what the one before it gave; the first denial is the answer. */
  function decide(state: RequestState, view: RequestView, request: object): MaybePromise<AllowedToken | Denial> {
    return next(readCredentials(view, policy), (credentials) =>
      next(tokens.verify(state.presented(credentials)), (token) =>
        next(revocation.check(state.verified(token)), (current) =>
          next(sender.prove(view, credentials, current), (bound) =>
            next(checkDelegation(state.proven(bound)), (delegated) => baseline.check(delegated, request)),
          ),
        ),
      ),
    )
  }

  function checkNow(view: RequestView, request: object = view): MaybePromise<Verdict> {
    const state = new RequestState(view)
    if (recorder.isWatched) states.set(request, state)
    return andThen(decide(state, view, request), (outcome) => conclude(state, outcome))
  }

  const authorizeNow: Verifier['authorizeNow'] = (context, requirement, request) =>
    authorizer.authorize(context, requirement, request, states.get(Object(request)))

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
    challenge: (requirement, view) => authorizer.challenge(requirement, new RequestState(view)),
    metadata,
    hasBaseline: policy.access !== undefined,
    checkRoutes: routeProblems.check,
    async ready() {
      routeProblems.throwIfAny()
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
