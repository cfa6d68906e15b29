import type { Credentials } from '../credentials.ts'
import { andThen, type MaybePromise } from '../internal/maybe-promise.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { Policy } from '../options/policy.ts'
import { Denial, type Findings, next } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import type { SingleUse } from '../replay/single-use.ts'
import type { CurrentToken } from '../token/revocation.ts'
import type { AgentContext } from '../types/context.ts'
import type { RequestView } from '../types/request.ts'
import type { HeaderList } from '../types/verdict.ts'
import type { Health } from '../types/verifier.ts'
import type { Confirmation } from './confirmation.ts'
import { createNonces } from './nonce.ts'
import { createPresentedCertificate, type PresentedCertificate } from './presented-certificate.ts'
import { createProofCheck, type Proof, staleProof } from './proof.ts'

/** Step 3: does the sender hold the keys that the token is bound to? */
export interface SenderCheck {
  /** `request`: the framework's object; several guards of one request that share a replay store use its proof once. */
  prove(
    view: RequestView,
    credentials: Credentials,
    token: CurrentToken,
    request: object,
  ): MaybePromise<BoundToken | Denial>
  /** For `explain`: the same checks, noted. Nothing is used up, and a function that gives certificates is not asked. */
  examine(
    view: RequestView,
    credentials: Credentials,
    owed: ExaminedBinding,
    found: Findings,
  ): Promise<Proof | undefined>
  /** Is the proof still fresh? To be asked again after a wait. */
  checkFreshness(bound: BoundToken): Denial | undefined
  /** The nonce a refusal must carry (RFC 9449 §9). */
  nonceFor(code: RefusalCode): string | undefined
  /** Whether a certificate header is there that does not count: its peer is not trusted, and the token asks for one. */
  isCertificateIgnored(view: RequestView, token: Pick<CurrentToken, 'confirmation'>): boolean
  /** What an admitted answer carries: `Vary`, and the next nonce, once this one is half used up (RFC 9449 §8.2). */
  headersFor(bound: BoundToken): HeaderList | undefined
  readonly cachedKeys: number
  readonly replay: Health['replay']
}

/** What a token is bound to, for `explain`. */
export interface ExaminedBinding {
  readonly confirmation: Confirmation
  readonly issuer: IssuerPolicy
}

/**
 * A token whose sender has proven every key it is bound to, each proof used up. The class itself is not exported, so
 * nothing but `prove` can make one, and without one there is neither a context nor an admission.
 */
export type BoundToken = Bound

class Bound {
  readonly token: CurrentToken
  readonly sender: AgentContext['sender']
  readonly proof: Proof | undefined
  /** Makes the type nominal. */
  declare protected readonly brand: never

  constructor(token: CurrentToken, sender: CertifiedConfirmation, proof: SpentProof) {
    this.token = token
    this.sender = sender
    this.proof = proof === notBoundToProofKey ? undefined : proof
  }
}

declare const underScheme: unique symbol
declare const withCertificate: unique symbol
declare const usedUp: unique symbol
const notBoundToProofKey: unique symbol = Symbol('not bound to a proof key')

// The same objects under narrower types: each check gives the type that the next one takes.
type FittingConfirmation = Confirmation & { readonly [underScheme]: true }
type CertifiedConfirmation = FittingConfirmation & { readonly [withCertificate]: true }
type CheckedProof = Proof | typeof notBoundToProofKey
type SpentProof = CheckedProof & { readonly [usedUp]: true }

export function createSenderCheck(policy: Policy, singleUse: SingleUse | undefined): SenderCheck {
  const { dpop, clock } = policy
  const certificate = policy.mtls === false ? undefined : createPresentedCertificate(policy.mtls)
  const vary: HeaderList | undefined = policy.vary === undefined ? undefined : Object.freeze([['Vary', policy.vary]])
  const nonce = dpop === false ? undefined : dpop.nonce
  const nonces = nonce && createNonces(nonce.secrets, nonce.seconds, policy.resource)
  const carriesNonce = nonce?.mode === 'on-skew' ? refusedForNonce : noncePending
  const proofs =
    dpop === false
      ? undefined
      : createProofCheck(dpop, nonces, {
          publicUrls: policy.publicUrls,
          toleranceSeconds: policy.token.toleranceSeconds,
          cachedKeys: policy.cache.proofKeys,
          clock,
          reportOnly: policy.reportOnly,
        })

  function prove(
    view: RequestView,
    credentials: Credentials,
    token: CurrentToken,
    request: object,
  ): MaybePromise<BoundToken | Denial> {
    return next(token.confirmation, (confirmation) =>
      next(checkScheme(credentials, confirmation, token.issuer), (fitting) =>
        next(checkCertificate(certificate, view, fitting, request), (certified) =>
          next(checkProof(view, credentials, certified), (proof) =>
            next(spend(token, certified, proof, request), (spent) => new Bound(token, certified, spent)),
          ),
        ),
      ),
    )
  }

  function checkProof(
    view: RequestView,
    { tokenHash }: Credentials,
    { jkt }: CertifiedConfirmation,
  ): MaybePromise<CheckedProof | Denial> {
    if (jkt === undefined) return notBoundToProofKey
    if (proofs === undefined) return new Denial('binding_unsupported')
    return proofs.check(view, { jkt, tokenHash, nowMs: clock.now() })
  }

  /** Last, so that nobody can use up another's `jti`, and before access, so that a 403 has used the proof up. */
  function spend(
    token: CurrentToken,
    { jkt }: CertifiedConfirmation,
    proof: CheckedProof,
    request: object,
  ): MaybePromise<SpentProof | Denial> {
    if (proof === notBoundToProofKey) return proof as SpentProof
    if (singleUse === undefined || jkt === undefined) return new Denial('replay_unavailable')
    // A store may rightly have forgotten the first use of a stale proof, so it is never asked about one.
    const nowMs = clock.now()
    const stale = judgeFreshness(proof, nowMs)
    if (stale !== undefined) return stale
    if (proof.reported.length > 0) return proof as SpentProof
    return andThen(singleUse.use(proof, jkt, token, request, nowMs), (denial) => denial ?? (proof as SpentProof))
  }

  async function examine(
    view: RequestView,
    credentials: Credentials,
    { confirmation, issuer }: ExaminedBinding,
    found: Findings,
  ): Promise<Proof | undefined> {
    noteIn(found, checkScheme(credentials, confirmation, issuer))
    const isAsked = policy.mtls === false || policy.mtls.from !== 'function'
    if (isAsked) noteIn(found, checkCertificate(certificate, view, confirmation as FittingConfirmation, view))
    const { jkt } = confirmation
    if (jkt === undefined || proofs === undefined) return undefined
    const proof = await proofs.examine(view, { jkt, tokenHash: credentials.tokenHash, nowMs: clock.now() }, found)
    return noteIn(found, proof)
  }

  return {
    prove,
    examine,
    checkFreshness: ({ proof }) => (proof === undefined ? undefined : judgeFreshness(proof, clock.now())),
    nonceFor: (code) => (nonces !== undefined && carriesNonce.has(code) ? nonces.mint(clock.now()) : undefined),
    isCertificateIgnored: (view, { confirmation }) =>
      !(confirmation instanceof Denial) && confirmation.x5t !== undefined && certificate?.isIgnored(view) === true,
    headersFor({ proof }) {
      if (nonces === undefined || proof?.nonce === undefined) return vary
      const now = clock.now()
      if (!nonces.isAging(proof.nonce, now)) return vary
      return [['DPoP-Nonce', nonces.mint(now)], ['Cache-Control', 'no-store'], ...(vary ?? [])]
    },
    get cachedKeys() {
      return proofs?.cachedKeys ?? 0
    },
    get replay() {
      return singleUse?.health ?? null
    },
  }
}

/** jkt, alone or with a certificate, goes under DPoP (RFC 9449 §7.1, §7.2), a certificate alone under Bearer (RFC 8705 §3). */
function checkScheme(
  { scheme }: Credentials,
  confirmation: Confirmation,
  issuer: IssuerPolicy,
): FittingConfirmation | Denial {
  const fitting = confirmation as FittingConfirmation
  const expectedScheme = fitting.jkt === undefined ? 'Bearer' : 'DPoP'
  if (scheme === expectedScheme) return fitting
  if (fitting.method === 'mtls' && issuer.dpopSchemeForMtls) return fitting
  return new Denial('binding_scheme', {
    expectedScheme,
    receivedScheme: scheme,
    ...(fitting.method === 'mtls' ? { hint: `${issuer.path}.dpopSchemeForMtls` } : {}),
  })
}

function checkCertificate(
  certificate: PresentedCertificate | undefined,
  view: RequestView,
  confirmation: FittingConfirmation,
  request: object,
): CertifiedConfirmation | Denial {
  const certified = confirmation as CertifiedConfirmation
  const { x5t } = certified
  if (x5t === undefined) return certified
  if (certificate === undefined) return new Denial('binding_unsupported')
  const presented = certificate.thumbprint(view, request)
  if (presented instanceof Denial) return presented
  if (presented === x5t) return certified
  return new Denial('binding_mismatch', {
    expectedThumbprint: x5t.slice(0, 8),
    receivedThumbprint: presented.slice(0, 8),
  })
}

/** Undefined while it is fresh; a proof that has grown too old may only be reported. */
function judgeFreshness(proof: Proof, nowMs: number): Denial | undefined {
  if (nowMs <= proof.freshUntil) return undefined
  if (!(nowMs <= proof.enforcedUntil)) return staleProof(proof)
  if (!proof.reported.includes('proof_expired')) proof.reported = Object.freeze([...proof.reported, 'proof_expired'])
  return undefined
}

/** Undefined for a denial. */
function noteIn<T>(found: Findings, result: T | Denial): T | undefined {
  if (!(result instanceof Denial)) return result
  found.note(result)
  return undefined
}

const refusedForNonce: ReadonlySet<RefusalCode> = new Set(['nonce_required', 'nonce_invalid'])
/** Where every proof needs a nonce, so does the one that is missing. */
const noncePending: ReadonlySet<RefusalCode> = new Set([...refusedForNonce, 'proof_missing'])
