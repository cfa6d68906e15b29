import { checkAccess, needsOf } from './access.ts'
import { Attempt } from './attempt.ts'
import { createRecorder } from './audit/record.ts'
import { AuthError } from './auth-error.ts'
import { createAuthorizer } from './authorize.ts'
import { createSenderCheck } from './binding/sender.ts'
import { createRefuser } from './challenge.ts'
import { readCredentials } from './credentials.ts'
import { describePolicy } from './describe.ts'
import { hintAtPreflight } from './hints.ts'
import { Denial } from './internal/denial.ts'
import { sha256 } from './internal/hash.ts'
import { andThen, type MaybePromise, settle } from './internal/later.ts'
import { createMetadata } from './metadata.ts'
import { readOptions } from './options.ts'
import { createTokenPreparer } from './prepare.ts'
import { createKeyrings } from './token/keyrings.ts'
import { createTokenReader } from './token/token.ts'
import type { AgentContext, RequestView, Verdict, VerifierOptions } from './types.ts'
import type { Verifier } from './verifier-types.ts'

type Step = (attempt: Attempt) => MaybePromise<Denial | undefined>

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
  const authorizer = createAuthorizer(policy, refuse, recorder)
  const floorNeeds = needsOf(policy.access)
  /** Which attempt a framework's request was, for the audit of later access decisions. */
  const attempts = new WeakMap<object, Attempt>()

  /** The way of a request. Each step says nothing, or why it refuses; the first refusal is the answer. */
  const steps: readonly Step[] = [
    takeCredentials,
    verifyToken,
    checkRevocation,
    sender.check,
    spendProof,
    checkDelegation,
    checkFloor,
  ]

  function checkNow(view: RequestView, request: object = view): MaybePromise<Verdict> {
    const attempt = new Attempt(view, request)
    if (recorder.isActive) attempts.set(request, attempt)
    const denial = walk(attempt, 0)
    return denial instanceof Promise ? denial.then((late) => conclude(attempt, late)) : conclude(attempt, denial)
  }

  function walk(attempt: Attempt, from: number): MaybePromise<Denial | undefined> {
    for (let at = from; at < steps.length; at++) {
      const denial = (steps[at] as Step)(attempt)
      if (denial instanceof Promise) return denial.then((late) => late ?? walk(attempt, at + 1))
      if (denial !== undefined) return denial
    }
    return undefined
  }

  function takeCredentials(attempt: Attempt): Denial | undefined {
    const credentials = readCredentials(attempt.view, policy)
    if (credentials instanceof Denial) return credentials
    attempt.scheme = credentials.scheme
    attempt.accessToken = credentials.token
    attempt.tokenHash = sha256(credentials.token)
    return undefined
  }

  function verifyToken(attempt: Attempt): MaybePromise<Denial | undefined> {
    const token = attempt.accessToken
    attempt.accessToken = ''
    return andThen(tokens.verify(token, attempt.tokenHash as string), (verified) => {
      if (verified instanceof Denial) return verified
      attempt.token = verified
      return undefined
    })
  }

  function checkRevocation({ token }: Attempt): MaybePromise<Denial | undefined> {
    const { revocation } = policy
    if (revocation === undefined || token === undefined) return undefined
    return andThen(
      settle<unknown, undefined>(() => revocation.isRevoked(token.revocationQuery), undefined),
      (answer) => {
        if (answer === false) return undefined
        return new Denial(answer === true ? 'token_revoked' : 'revocation_unavailable')
      },
    )
  }

  function spendProof(attempt: Attempt): MaybePromise<Denial | undefined> {
    return andThen(sender.spend(attempt), (denial) => {
      attempt.isSenderProven = denial === undefined
      return denial
    })
  }

  function checkDelegation({ token }: Attempt): Denial | undefined {
    return token?.parties instanceof Denial ? token.parties : undefined
  }

  function checkFloor({ token, request }: Attempt): MaybePromise<Denial | undefined> {
    if (policy.access === undefined || token?.context === undefined) return undefined
    return checkAccess(policy.access, token.context, request, policy.clock.now() / 1_000)
  }

  function conclude(attempt: Attempt, denial: Denial | undefined): MaybePromise<Verdict> {
    const verdict = denial === undefined ? admit(attempt) : refused(attempt, denial)
    const isRecorded = recorder.authentication(attempt, verdict)
    if (isRecorded === true) return verdict
    return andThen(isRecorded, (late) => (late ? verdict : refused(attempt, new Denial('audit_unavailable'))))
  }

  function admit(attempt: Attempt): Verdict {
    const admitted = attempt.token?.admitted
    // Unreachable while every step holds; closed should one ever fail to.
    if (admitted?.ok !== true) return refused(attempt, new Denial('token_malformed'))
    const headers = sender.headersFor(attempt)
    return headers === undefined ? admitted : { ...admitted, headers }
  }

  function refused(attempt: Attempt, denial: Denial): Verdict {
    if (denial.code === 'credentials_missing') hintAtPreflight(attempt.view)
    const nonce = sender.nonceFor(denial.code)
    return { ok: false, refusal: refuse(denial, { scheme: attempt.scheme, needs: floorNeeds, nonce }) }
  }

  async function verify(view: RequestView): Promise<AgentContext> {
    const verdict = await checkNow(view)
    if (!verdict.ok) throw new AuthError(verdict.refusal)
    return verdict.context
  }

  return Object.freeze({
    check: async (view: RequestView, request?: object) => checkNow(view, request),
    checkNow,
    verify,
    authorizeNow: (context, requirement, request) =>
      authorizer.authorize(context, requirement, request, attempts.get(Object(request))),
    authorize: async (context, requirement, request) =>
      authorizer.authorize(context, requirement, request, attempts.get(Object(request))),
    challenge: authorizer.challenge,
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
      for (const keyring of keyrings.values()) keyring.close()
    },
  } satisfies Verifier)
}
