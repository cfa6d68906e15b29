import type { Attempt, Step } from '../audit/request-state.ts'
import { andThen, type MaybePromise, settle } from '../internal/maybe-promise.ts'
import { hintAtPerProcessReplay } from '../internal/process-warnings.ts'
import { sha256 } from '../jose/sha256.ts'
import type { Policy } from '../options/policy.ts'
import { Denial } from '../refusal/denial.ts'
import type { RefusalCode } from '../refusal/table.ts'
import { isMemoryReplayStore, type MemoryAnswer, replayName } from '../replay/memory-store.ts'
import type { HeaderList } from '../types/verdict.ts'
import type { Health } from '../types/verifier.ts'
import { certificateThumbprint } from './certificate.ts'
import type { Confirmation } from './confirmation.ts'
import { createNonces } from './nonce.ts'
import { createProofCheck } from './proof.ts'

/** Clocks of processes that share a store differ; a store that forgets by its own clock gets this much more. */
const sharedStoreSkewMs = 5_000

/** Step 3: does the sender hold what the token is bound to? */
export interface SenderCheck {
  /** Everything but the single use. */
  check: Step
  /** Consumes the proof: last, so that nobody can burn another's `jti`, and before access, so that a 403 has used it up. */
  spend: Step
  /** The nonce a refusal must carry (RFC 9449 §9). */
  nonceFor(code: RefusalCode): string | undefined
  /** What an admitted answer owes: the next nonce, once this one is half used up (RFC 9449 §8.2). */
  headersFor(attempt: Attempt): HeaderList | undefined
  readonly cachedKeys: number
  /** Of the memory store; null for any other. */
  readonly replay: Health['replay']
}

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

  function check(attempt: Attempt): MaybePromise<Denial | undefined> {
    const { token } = attempt
    if (token === undefined) return new Denial('token_malformed')
    const { binding } = token
    if (binding instanceof Denial) return binding
    return checkScheme(attempt, binding) ?? checkCertificate(attempt, binding) ?? checkProof(attempt, binding)
  }

  /** jkt, alone or with a certificate, goes under DPoP (RFC 9449 §7.1, §7.2), a certificate alone under Bearer (RFC 8705 §3). */
  function checkScheme(attempt: Attempt, { jkt, x5t }: Confirmation): Denial | undefined {
    if (attempt.scheme === (jkt === undefined ? 'Bearer' : 'DPoP')) return undefined
    const { issuer } = (attempt.token as NonNullable<Attempt['token']>).token
    if (jkt === undefined && x5t !== undefined && issuer.dpopSchemeForMtls) return undefined
    return new Denial(
      'binding_scheme',
      x5t !== undefined && jkt === undefined ? { hint: `${issuer.path}.dpopSchemeForMtls` } : {},
    )
  }

  function checkCertificate({ view }: Attempt, { x5t }: Confirmation): Denial | undefined {
    if (x5t === undefined) return undefined
    const presented = certificateThumbprint(view)
    if (presented === x5t) return undefined
    if (presented === undefined) return new Denial('certificate_missing')
    return new Denial('binding_mismatch', {
      expectedThumbprint: x5t.slice(0, 8),
      receivedThumbprint: presented.slice(0, 8),
    })
  }

  function checkProof(attempt: Attempt, { jkt }: Confirmation): MaybePromise<Denial | undefined> {
    if (jkt === undefined) return undefined
    if (proofs === undefined) return new Denial('binding_unsupported')
    const { view, tokenHash = '', nowMs } = attempt
    return andThen(proofs.check(view, { jkt, tokenHash, nowMs }), (proof) => {
      if (proof instanceof Denial) return proof
      attempt.proof = proof
      return undefined
    })
  }

  function spend(attempt: Attempt): MaybePromise<Denial | undefined> {
    return andThen(consume(attempt), (denial) => {
      attempt.isSenderProven = denial === undefined
      return denial
    })
  }

  function consume({ proof, token, nowMs }: Attempt): MaybePromise<Denial | undefined> {
    const jkt = token?.binding instanceof Denial ? undefined : token?.binding.jkt
    if (token === undefined || jkt === undefined) return undefined
    if (dpop === false || proof === undefined) return new Denial('replay_unavailable')
    const store = dpop.replay
    if (isMemoryReplayStore(store)) {
      token.proofOwner ??= store.ownerOf(jkt, token.partition)
      return judgeAnswer(store.remember(token.proofOwner, proof.jti, proof.freshUntil, nowMs, clock.monotonic()))
    }
    const name = replayName(jkt, proof.jti)
    const end = proof.freshUntil + sharedStoreSkewMs
    return andThen(
      settle(() => store.add(sha256(name), end, token.partition), undefined),
      (answer) => judgeAnswer((answer as MemoryAnswer) === 'past' ? undefined : answer),
    )
  }

  return {
    check,
    spend,
    nonceFor: (code) => (nonces !== undefined && owesNonce.has(code) ? nonces.mint(clock.now()) : undefined),
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

const owesNonce: ReadonlySet<RefusalCode> = new Set(['nonce_required', 'nonce_invalid', 'proof_missing'])

/** Any other answer, an error or a silence: whether the proof is new cannot be said. */
function judgeAnswer(answer: MemoryAnswer | undefined): Denial | undefined {
  switch (answer) {
    case 'fresh':
      return undefined
    case 'seen':
      return new Denial('proof_replayed')
    case 'past':
      return new Denial('proof_expired', { cause: 'the clock has stepped back' })
    case 'quota':
      return new Denial('rate_limited')
    default:
      return new Denial('replay_unavailable', { cause: answer === 'full' ? 'full' : 'no answer' })
  }
}
