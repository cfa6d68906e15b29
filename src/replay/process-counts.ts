import { numbers, shares } from '../options/defaults.ts'
import type { PreparedToken } from '../token/prepared-token.ts'
import type { Clock } from '../types/options.ts'
import { digestOf } from './digest.ts'
import { Generations } from './generations.ts'

/**
 * How many live proofs each client has used in this process, beside a store that the process shares with others: no client
 * may fill that store from here. It goes by the defaults of the built-in store.
 */
export interface ProcessCounts {
  isOver(token: PreparedToken, nowMs: number): boolean
  /** One more proof of the client of this token. */
  count(token: PreparedToken, nowMs: number, lifetimeMs: number): void
}

const capacity = numbers['memoryReplayStore.capacity'].default
const quota = capacity * shares['memoryReplayStore.quota'].default

export function createProcessCounts(clock: Clock): ProcessCounts {
  const generations = new Generations()
  return {
    isOver(token, nowMs) {
      generations.forgetPast(nowMs, clock.monotonic())
      return generations.size > capacity / 2 && generations.entriesOf(shareHolderOf(token)) >= quota
    },
    count(token, nowMs, lifetimeMs) {
      const end = nowMs + lifetimeMs
      const monotonicEnd = clock.monotonic() + lifetimeMs
      // What never ended would count for ever.
      if (Number.isNaN(end + monotonicEnd)) return
      generations.count(generations.at(end), shareHolderOf(token), end, monotonicEnd)
    },
  }
}

function shareHolderOf(token: PreparedToken) {
  token.proofOwner ??= { prefix: '', client: digestOf(token.partition) }
  return token.proofOwner.client
}
