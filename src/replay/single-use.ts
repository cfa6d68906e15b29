import { andThen, type MaybePromise, settle, synchronousAnswer } from '../internal/maybe-promise.ts'
import { NoAnswer } from '../internal/no-answer.ts'
import { hintAtPerProcessReplay } from '../internal/process-warnings.ts'
import { sha256 } from '../jose/sha256.ts'
import { fixed } from '../options/defaults.ts'
import type { DpopPolicy } from '../options/sender.ts'
import { Denial } from '../refusal/denial.ts'
import type { Proof } from '../sender/proof.ts'
import type { PreparedToken } from '../token/prepared-token.ts'
import type { Clock, ReplayAnswer, ReplayStore } from '../types/options.ts'
import type { Health } from '../types/verifier.ts'
import { isMemoryReplayStore, type MemoryAnswer, replayName } from './memory-store.ts'
import { createProcessCounts } from './process-counts.ts'
import { createRequestUses } from './request-uses.ts'
import { sharedStoreOf } from './shared-stores.ts'

/** RFC 9449 §11.1: a proof admits one request. */
export interface SingleUse {
  /**
   * Uses up a proof that holds in everything else and is still fresh; undefined: it was new. `request`: the framework's
   * object, whose other guards count as the same use.
   */
  use(proof: Proof, jkt: string, token: PreparedToken, request: object, nowMs: number): MaybePromise<Denial | undefined>
  readonly health: NonNullable<Health['replay']>
}

const skewMs = fixed.sharedReplaySeconds * 1_000

export function createSingleUse(
  dpop: DpopPolicy,
  { clock, hookTimeoutMs }: { clock: Clock; hookTimeoutMs: number },
): SingleUse {
  const store = dpop.replay
  const uses = createRequestUses(store)
  const counts = createProcessCounts(clock)
  let lastError: string | undefined
  if (isMemoryReplayStore(store)) hintAtPerProcessReplay()

  function ask(proof: Proof, jkt: string, token: PreparedToken, nowMs: number): MaybePromise<Denial | undefined> {
    if (isMemoryReplayStore(store)) {
      token.proofOwner ??= store.ownerOf(jkt, token.partition)
      return judge(store.remember(token.proofOwner, proof.jti, proof.freshUntil, nowMs, clock.monotonic()), proof)
    }
    if (counts.isOver(token, nowMs)) return new Denial('rate_limited', { iatOffset: proof.iatOffset })
    // Clocks of processes that share a store differ.
    const lifetimeMs = Math.max(1, Math.ceil(proof.freshUntil - nowMs)) + skewMs
    return andThen(
      settle<unknown>(() => store.add(sha256(replayName(jkt, proof.jti)), lifetimeMs, token.partition), hookTimeoutMs),
      (late) => {
        const answer = readAnswer(late, proof)
        if (answer === 'fresh') counts.count(token, nowMs, lifetimeMs)
        return judge(answer, proof)
      },
    )
  }

  /** Any other answer, an error or a timeout means that we do not know whether the proof is new: refuse with 503. */
  function judge(answer: MemoryAnswer | NoAnswer | undefined, { iatOffset }: Proof): Denial | undefined {
    switch (answer) {
      case 'fresh':
        return undefined
      case 'seen':
        return new Denial('proof_replayed', { iatOffset })
      case 'quota':
        return new Denial('rate_limited', { iatOffset })
      default:
        lastError = answer instanceof NoAnswer ? `the store: ${answer.cause}` : causes[answer ?? 'none']
        return new Denial('replay_unavailable', { iatOffset, cause: lastError })
    }
  }

  return {
    use(proof, jkt, token, request, nowMs) {
      if (!uses.isShared) return ask(proof, jkt, token, nowMs)
      return uses.once(request, proof, jkt, () => ask(proof, jkt, token, nowMs))
    },
    get health(): NonNullable<Health['replay']> {
      const known = lastError === undefined ? {} : { lastError }
      if (!isMemoryReplayStore(store))
        return { store: sharedStoreOf(store)?.store ?? 'custom', ...known, ...readHealth(store) }
      return { store: 'memory', size: store.size, capacity: store.capacity, ...known }
    },
  }
}

const causes = {
  full: 'the store is full',
  forgotten: 'the clock has stepped back or has no time, or the store has lost entries',
  none: 'the store answered something else than a StoreAnswer',
} as const

/** A store's own word about itself; a store that fails to give it has none. */
function readHealth(store: ReplayStore): { state?: 'ready' | 'open' | 'probing'; lastError?: string } {
  const told = synchronousAnswer<unknown>(() => store.health?.())
  if (typeof told !== 'object' || told === null) return {}
  const { state, lastError } = told as { state?: unknown; lastError?: unknown }
  return {
    ...(state === 'ready' || state === 'open' || state === 'probing' ? { state } : {}),
    ...(typeof lastError === 'string' ? { lastError } : {}),
  }
}

/** A store may say since when it has forgotten nothing. What could have been used before is not known to be new. */
function readAnswer(answer: unknown, { freshFrom }: Proof): MemoryAnswer | NoAnswer | undefined {
  if (answer instanceof NoAnswer) return answer
  if (typeof answer !== 'object' || answer === null) return isReplayAnswer(answer) ? answer : undefined
  const { answer: own, completeSince } = answer as { answer?: unknown; completeSince?: unknown }
  if (!isReplayAnswer(own) || typeof completeSince !== 'number' || !Number.isFinite(completeSince)) return undefined
  if (own === 'seen') return own
  return freshFrom > completeSince + skewMs ? own : 'forgotten'
}

function isReplayAnswer(answer: unknown): answer is ReplayAnswer {
  return answer === 'fresh' || answer === 'seen' || answer === 'full' || answer === 'quota'
}
