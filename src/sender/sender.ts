import type { Credentials } from '../credentials.ts'
import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { hintAtPerProcessReplay } from '../internal/process-warnings.ts'
import { sha256 } from '../jose/sha256.ts'
import { fixed } from '../options/defaults.ts'
import type { IssuerPolicy } from '../options/issuer.ts'
import type { Policy } from '../options/policy.ts'
import { Denial, next } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import { isMemoryReplayStore, type MemoryAnswer, replayName } from '../replay/memory-store.ts'
import type { CurrentToken } from '../token/revocation.ts'
import type { AgentContext } from '../types/context.ts'
import type { RequestView } from '../types/request.ts'
import type { HeaderList } from '../types/verdict.ts'
import type { Health } from '../types/verifier.ts'
import { certificateThumbprint } from './certificate.ts'
import type { Confirmation } from './confirmation.ts'
import { createNonces } from './nonce.ts'
import { createProofCheck, type Proof } from './proof.ts'

/** Step 3: does the sender hold the keys that the token is bound to? */
export interface SenderCheck {
  prove(view: RequestView, credentials: Credentials, token: CurrentToken): MaybePromise<BoundToken | Denial>
  /** The nonce a refusal must carry (RFC 9449 §9). */
  nonceFor(code: RefusalCode): string | undefined
  /** What an admitted answer carries: the next nonce, once this one is half used up (RFC 9449 §8.2). */
  headersFor(bound: BoundToken): HeaderList | undefined
  readonly cachedKeys: number
  /** Of the memory store; null for any other. */
  readonly replay: Health['replay']
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

export function createSenderCheck(policy: Policy): SenderCheck {
  const { dpop, clock } = policy
  if (dpop !== false && isMemoryReplayStore(dpop.replay)) hintAtPerProcessReplay()
  const nonces =
    dpop === false || dpop.nonce === undefined
      ? undefined
      : createNonces(dpop.nonce.secrets, dpop.nonce.seconds, policy.resource)
  const proofs =
    dpop === false
      ? undefined
      : createProofCheck(dpop, nonces, {
          publicUrls: policy.publicUrls,
          toleranceSeconds: policy.token.toleranceSeconds,
          cachedKeys: policy.cache.proofKeys,
        })

  function prove(view: RequestView, credentials: Credentials, token: CurrentToken): MaybePromise<BoundToken | Denial> {
    return next(token.confirmation, (confirmation) =>
      next(checkScheme(credentials, confirmation, token.issuer), (fitting) =>
        next(checkCertificate(view, fitting), (certified) =>
          next(checkProof(view, credentials, certified), (proof) =>
            next(spend(token, certified, proof), (spent) => new Bound(token, certified, spent)),
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

  /** Uses the proof up: last, so that nobody can burn another's `jti`, and before access, so that a 403 has used it up. */
  function spend(
    token: CurrentToken,
    { jkt }: CertifiedConfirmation,
    proof: CheckedProof,
  ): MaybePromise<SpentProof | Denial> {
    if (proof === notBoundToProofKey) return proof as SpentProof
    if (dpop === false || jkt === undefined) return new Denial('replay_unavailable')
    const store = dpop.replay
    if (isMemoryReplayStore(store)) {
      token.proofOwner ??= store.ownerOf(jkt, token.partition)
      const nowMs = clock.now()
      return judgeAnswer(store.remember(token.proofOwner, proof.jti, proof.freshUntil, nowMs, clock.monotonic()), proof)
    }
    const name = replayName(jkt, proof.jti)
    const end = proof.freshUntil + fixed.sharedReplaySeconds * 1_000
    return andThen(
      settle(() => store.add(sha256(name), end, token.partition), undefined),
      (answer) => judgeAnswer((answer as MemoryAnswer) === 'past' ? undefined : answer, proof),
    )
  }

  return {
    prove,
    nonceFor: (code) => (nonces !== undefined && carriesNonce.has(code) ? nonces.mint(clock.now()) : undefined),
    headersFor({ proof }) {
      const now = nonces === undefined ? 0 : clock.now()
      if (nonces === undefined || proof?.nonce === undefined || !nonces.isAging(proof.nonce, now)) return undefined
      return [
        ['DPoP-Nonce', nonces.mint(now)],
        ['Cache-Control', 'no-store'],
      ]
    },
    get cachedKeys() {
      return proofs?.cachedKeys ?? 0
    },
    get replay() {
      const store = dpop === false ? undefined : dpop.replay
      return store !== undefined && isMemoryReplayStore(store) ? { size: store.size, capacity: store.capacity } : null
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

function checkCertificate(view: RequestView, confirmation: FittingConfirmation): CertifiedConfirmation | Denial {
  const certified = confirmation as CertifiedConfirmation
  const { x5t } = certified
  if (x5t === undefined) return certified
  const presented = certificateThumbprint(view)
  if (presented === x5t) return certified
  if (presented === undefined) return new Denial('certificate_missing')
  return new Denial('binding_mismatch', {
    expectedThumbprint: x5t.slice(0, 8),
    receivedThumbprint: presented.slice(0, 8),
  })
}

const carriesNonce: ReadonlySet<RefusalCode> = new Set(['nonce_required', 'nonce_invalid', 'proof_missing'])

/** Any other answer, an error or a timeout means that we do not know whether the proof is new: refuse with 503. */
function judgeAnswer(answer: MemoryAnswer | undefined, proof: Proof): SpentProof | Denial {
  const { iatOffset } = proof
  switch (answer) {
    case 'fresh':
      return proof as SpentProof
    case 'seen':
      return new Denial('proof_replayed', { iatOffset })
    case 'past':
      return new Denial('proof_expired', { iatOffset, cause: 'the clock has stepped back' })
    case 'quota':
      return new Denial('rate_limited', { iatOffset })
    default:
      return new Denial('replay_unavailable', { iatOffset, cause: answer === 'full' ? 'full' : 'no answer' })
  }
}
