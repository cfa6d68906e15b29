import { LRUCache } from 'lru-cache'
import { fixed } from '../options/defaults.ts'

/** What a server has told: the nonce that it wants next, and how far its clock is ahead of ours, in milliseconds. */
export interface ServerState {
  nonce: string | undefined
  clockOffsetMs: number
}

export interface ServerMemory {
  /** What is known of the server of this origin. */
  of(origin: string): ServerState
  /** Notes the nonce (RFC 9449 §8.2) and the time of an answer. */
  learn(origin: string, response: Response, now: number): void
}

export function createServerMemory(): ServerMemory {
  const servers = new LRUCache<string, ServerState>({ max: fixed.clientServers })

  function stateOf(origin: string): ServerState {
    return servers.get(origin) ?? { nonce: undefined, clockOffsetMs: 0 }
  }

  return {
    of: stateOf,
    learn(origin, { headers }, now) {
      const known = stateOf(origin)
      const nonce = headers.get('dpop-nonce') ?? known.nonce
      servers.set(origin, { nonce, clockOffsetMs: offsetFrom(headers, now) ?? known.clockOffsetMs })
    },
  }
}

/** Undefined: the answer does not tell. */
function offsetFrom(headers: Headers, now: number): number | undefined {
  // An answer from a cache has the date of another day (RFC 9111 §5.1).
  if (headers.has('age')) return undefined
  const date = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(date)) return undefined
  const offset = date - now
  // `Date` has whole seconds: less than two of them say nothing.
  if (Math.abs(offset) < 2_000) return 0
  const most = fixed.clientClockOffsetSeconds * 1_000
  return Math.max(-most, Math.min(most, offset))
}
