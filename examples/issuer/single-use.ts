import { OAuthError } from './oauth-error.ts'

/** Remembers identifiers for a fixed time, at most `capacity` of them. */
export interface SingleUse {
  /** Throws where the identifier was used before, and where there is no room: forgetting one early would let it be replayed. */
  consume(identifier: string, refusal: () => OAuthError): void
}

export function createSingleUse(options: { seconds: number; capacity: number; now: () => number }): SingleUse {
  const { seconds, capacity, now } = options
  // Every entry lives equally long, so the order of insertion is the order of expiry.
  const expiries = new Map<string, number>()

  function dropExpired(time: number): void {
    for (const [identifier, expiry] of expiries) {
      // The last second still counts: what is remembered may still be accepted in it.
      if (expiry >= time) return
      expiries.delete(identifier)
    }
  }

  return {
    consume(identifier, refusal) {
      const time = now()
      dropExpired(time)
      if (expiries.has(identifier)) throw refusal()
      if (expiries.size >= capacity) {
        throw new OAuthError('temporarily_unavailable', 'The server cannot take further requests now', 503)
      }
      expiries.set(identifier, time + seconds)
    },
  }
}
