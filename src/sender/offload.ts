import type { MaybePromise } from '../internal/maybe-promise.ts'
import { type VerificationKey, verifySignature, verifySignatureLater } from '../jose/signature.ts'
import { fixed } from '../options/defaults.ts'
import type { Clock } from '../types/options.ts'
import { createFloodWatch } from './flood-watch.ts'

/** Verifies the signatures of proofs, at once or on one of libuv's threads. No choice made here changes a verdict. */
export interface SignatureCheck {
  /** `connection`: the request's, where the host knows it. */
  verify(key: VerificationKey, input: string, signature: Uint8Array, connection?: object): MaybePromise<boolean>
}

export function createSignatureCheck(mode: 'never' | 'adaptive' | 'always', clock: Clock): SignatureCheck {
  if (mode === 'never') return { verify: verifySignature }
  const isWanted = mode === 'adaptive' ? createAdaptiveRule() : () => true
  const flood = createFloodWatch(clock)
  let onThreads = 0
  /** During a flood: signatures of connections that have shown no good one. One of them at a time is on a thread. */
  const waiting: (() => void)[] = []
  let isDraining = false

  async function verifyOnThread(key: VerificationKey, input: string, signature: Uint8Array): Promise<boolean> {
    onThreads++
    const isGood = await verifySignatureLater(key, input, signature)
    onThreads--
    return isGood
  }

  async function verifyInTurn(key: VerificationKey, input: string, signature: Uint8Array): Promise<boolean> {
    if (isDraining) await new Promise<void>((resolve) => waiting.push(resolve))
    isDraining = true
    const isGood = await verifyOnThread(key, input, signature)
    const next = waiting.shift()
    if (next === undefined) isDraining = false
    else next()
    return isGood
  }

  function choose(connection: object | undefined) {
    if (onThreads + waiting.length >= fixed.pendingSignatures) return verifySignature
    if (flood.suspects(connection)) return verifyInTurn
    return isWanted() ? verifyOnThread : verifySignature
  }

  return {
    verify(key, input, signature, connection) {
      const isGood = choose(connection)(key, input, signature)
      if (!(isGood instanceof Promise)) return flood.note(connection, isGood)
      return isGood.then((late) => flood.note(connection, late))
    },
  }
}

/**
 * Signatures of the first callback in an event-loop turn are verified synchronously; later ones go to the thread pool. So a
 * caller that judges many requests in one go gets every verdict at once.
 */
function createAdaptiveRule(): () => boolean {
  let isFirst = true
  let isOthersTurn = false
  return function isWanted() {
    if (!isFirst) return isOthersTurn
    isFirst = false
    // Ticks run between the callbacks of a turn, when no promise continues any more; immediates at its end.
    process.nextTick(() => {
      isOthersTurn = true
    })
    setImmediate(() => {
      isFirst = true
      isOthersTurn = false
    })
    return false
  }
}
