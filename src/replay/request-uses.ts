import type { MaybePromise } from '../internal/maybe-promise.ts'
import type { Denial } from '../refusal/denial.ts'
import type { Proof } from '../sender/proof.ts'
import type { ReplayStore } from '../types/options.ts'
import { replayName } from './memory-store.ts'

/** Several guards of one request that share a store use its proof once, not once each. */
export interface RequestUses {
  /** Whether another verifier has the same store; where none has, nothing has to be remembered. */
  readonly isShared: boolean
  /** What `use` answers, or what it answered when another guard used the same proof for the same request. */
  once(
    request: object,
    proof: Proof,
    jkt: string,
    use: () => MaybePromise<Denial | undefined>,
  ): MaybePromise<Denial | undefined>
}

/** How many verifiers share a store. */
const sharers = new WeakMap<ReplayStore, number>()

interface Use {
  readonly name: string
  readonly answer: MaybePromise<Denial | undefined>
  /** A verifier that judges one request twice has the proof used twice. */
  readonly users: Set<RequestUses>
}

const usesByStore = new WeakMap<ReplayStore, WeakMap<object, Use>>()

export function createRequestUses(store: ReplayStore): RequestUses {
  sharers.set(store, (sharers.get(store) ?? 0) + 1)
  const uses = usesByStore.get(store) ?? new WeakMap<object, Use>()
  usesByStore.set(store, uses)
  const own: RequestUses = {
    get isShared() {
      return sharers.get(store) !== 1
    },
    once(request, proof, jkt, use) {
      const name = replayName(jkt, proof.jti)
      const known = uses.get(request)
      if (known?.name === name && !known.users.has(own)) {
        known.users.add(own)
        return known.answer
      }
      const answer = use()
      uses.set(request, { name, answer, users: new Set([own]) })
      return answer
    },
  }
  return own
}
